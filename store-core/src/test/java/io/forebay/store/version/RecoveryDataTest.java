package io.forebay.store.version;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.datadriven.DataDriven;
import io.forebay.store.testing.datadriven.KeyRanges;
import io.forebay.store.util.FormatVersion;
import io.forebay.store.version.manifest.ManifestWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What is in a directory, as text, and what opening it makes of that.
 *
 * <pre>
 * manifest 4             MANIFEST-4; what follows is the state that its header holds
 *   add 0 #1 a-c @20     run 0 has file 1 with the keys from a to c, the newest of them at sequence 20; "virtual"
 *   commit 30 first      the durable commit and its payload; also "last 30", "next rank 7", "merge append"
 * edit                   one more record
 *   remove 0 #1 a        the file leaves; a: where its range begins
 * files 1 9              the SSTs that are there; else those that the manifests name
 * without 5 bytes        the manifest above lost its last bytes
 * only 59 bytes          there are no more of it
 * zeros 512 1024         bytes of it are zeros from the first place up to the second
 * flip 40                a bit of this byte of it is flipped; -3: of the third byte from the end
 * version 2              its header has this format version
 * open                   what comes out; then what is deleted in the background
 * apply 50 third         a commit after that, and which manifests are there then
 * </pre>
 */
class RecoveryDataTest {
    private final MemoryFileStore files = new MemoryFileStore();
    private final TreeSet<Long> named = new TreeSet<>();
    private final StringBuilder answer = new StringBuilder();
    private String manifest;
    private List<VersionEdit> edits;
    private boolean filesGiven;
    private VersionFixture open;
    private long ids;

    @TestFactory
    Stream<DynamicTest> answersAsWritten() {
        return DataDriven.files(
                "recovery",
                List.of("edits", "commits", "torn", "manifests"),
                lines -> new RecoveryDataTest().answer(lines));
    }

    private String answer(List<String> lines) throws IOException {
        for (String line : lines) {
            String[] words = line.trim().split(" +");
            switch (words[0]) {
                case "manifest" -> begin(Manifest.name(Long.parseLong(words[1])));
                case "edit" -> edits.add(new VersionEdit());
                case "add", "remove", "commit", "last", "next", "merge" -> change(words);
                case "files" -> given(words);
                case "without", "only", "zeros", "flip", "version" -> damage(words);
                case "open" -> open();
                case "apply" -> apply(words);
                default -> throw new IllegalArgumentException("Not understood: " + line);
            }
        }
        return answer.toString();
    }

    private void begin(String name) throws IOException {
        write();
        manifest = name;
        edits = new ArrayList<>(List.of(new VersionEdit()));
    }

    private void change(String[] words) {
        VersionEdit edit = edits.get(edits.size() - 1);
        switch (words[0]) {
            case "add" -> edit.add(Long.parseLong(words[1]), file(words));
            case "remove" ->
                edit.remove(new VersionEdit.Removed(
                        Long.parseLong(words[1]),
                        id(words[2]),
                        words.length > 3 ? KeyRanges.key(words[3]) : new byte[0]));
            case "commit" -> edit.commit(Long.parseLong(words[1]), payload(words));
            case "last" -> edit.lastSequence(Long.parseLong(words[1]));
            case "next" -> edit.nextRank(Long.parseLong(words[2]));
            default -> edit.mergeName(words[1]);
        }
    }

    /** {@code commit 30 second}, or {@code commit 30 second filled 500 x} up to so many bytes, with zeros unless it is said. */
    private static byte[] payload(String[] words) {
        byte[] text = words[2].getBytes(US_ASCII);
        if (words.length == 3) {
            return text;
        }
        byte[] filled = Arrays.copyOf(text, Integer.parseInt(words[4]));
        Arrays.fill(filled, text.length, filled.length, (byte) (words.length > 5 ? words[5].charAt(0) : 0));
        return filled;
    }

    /** {@code add 0 #1 a-c @20 virtual}. */
    private FileMeta file(String[] words) {
        KeyRange range = KeyRanges.parse(words[3]);
        long newest = Long.parseLong(words[4].substring(1));
        boolean virtual = words.length > 5;
        named.add(id(words[2]).low());
        return new FileMeta(
                id(words[2]),
                new SstInfo(100, Math.min(1, newest), newest, 10, 0, 0, 0, null),
                range,
                virtual,
                -1,
                null);
    }

    private static FileId id(String word) {
        return new FileId(1, Long.parseLong(word.substring(1)));
    }

    private void given(String[] words) throws IOException {
        filesGiven = true;
        for (int i = 1; i < words.length; i++) {
            files.putIfAbsent(new FileId(1, Long.parseLong(words[i])).name(), new byte[100]);
        }
    }

    /** Puts the manifest that was described into the directory, as the engine writes it. */
    private void write() throws IOException {
        if (manifest == null || files.exists(manifest)) {
            return;
        }
        byte[] state = VersionEditCodec.encode(edits.get(0));
        ByteBuffer header = ByteBuffer.allocate(12 + state.length);
        header.put("FBMANIF1".getBytes(US_ASCII)).putInt(FormatVersion.CURRENT).put(state);
        try (WritableFile file = files.create(manifest);
                ManifestWriter log = new ManifestWriter(file, ++ids)) {
            log.append(header.array());
            for (VersionEdit edit : edits.subList(1, edits.size())) {
                log.append(VersionEditCodec.encode(edit));
            }
        }
    }

    private void damage(String[] words) throws IOException {
        write();
        byte[] bytes;
        try (ReadableFile file = files.open(manifest)) {
            bytes = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(bytes));
        }
        int number = Integer.parseInt(words[1]);
        switch (words[0]) {
            case "without" -> bytes = Arrays.copyOf(bytes, bytes.length - number);
            case "only" -> bytes = Arrays.copyOf(bytes, number);
            case "zeros" -> Arrays.fill(bytes, number, Math.min(bytes.length, Integer.parseInt(words[2])), (byte) 0);
            case "version" -> {
                ByteBuffer.wrap(bytes).putInt(16, number);
                io.forebay.store.version.manifest.ManifestChecksums.repair(bytes);
            }
            default -> bytes[number < 0 ? bytes.length + number : number] ^= 4;
        }
        files.delete(manifest);
        files.putIfAbsent(manifest, bytes);
    }

    private void open() throws IOException {
        write();
        if (!filesGiven) {
            for (long id : named) {
                files.putIfAbsent(new FileId(1, id).name(), new byte[100]);
            }
        }
        List<String> before = files.list();
        try {
            open = VersionFixture.open(files);
        } catch (CorruptionException e) {
            say("refused: corrupt " + e.file() + " at " + e.offset() + ": expected " + e.expected() + ", found "
                    + e.found());
        } catch (FormatTooNewException | FormatTooOldException e) {
            say("refused: " + e.getMessage());
        }
        if (open != null) {
            VersionSet set = open.set;
            VersionEdit.Commit commit = set.durableCommit();
            String payload = new String(commit.payload(), US_ASCII).replaceAll("[\\x00]+$", " and zeros");
            say("commit " + commit.sequence() + " " + payload.replaceAll("(.)\\1{9,}$", "$1.."));
            Version version = set.current();
            for (SortedRun run : version.runs()) {
                say(run.rank() + ": "
                        + run.files().stream().map(RecoveryDataTest::text).collect(Collectors.joining(", ")));
            }
            version.release();
            say("last sequence " + set.lastSequence() + (set.mergeName() == null ? "" : ", merge " + set.mergeName()));
            open.executor.drain();
        }
        List<String> after = files.list();
        sayNames("deleted", before.stream().filter(name -> !after.contains(name)));
        sayNames("new", after.stream().filter(name -> !before.contains(name)));
    }

    private void apply(String[] words) throws IOException {
        open.apply(new VersionEdit().commit(Long.parseLong(words[1]), words[2].getBytes(US_ASCII)));
        sayNames("manifests", files.list().stream().filter(name -> name.startsWith("MANIFEST")));
        open.close();
        VersionFixture again = VersionFixture.open(files);
        say("reopened at commit " + again.set.durableCommit().sequence());
        again.close();
    }

    private static String text(FileMeta file) {
        return "#" + file.id().low() + " " + KeyRanges.text(file.range()) + " @" + file.newestSequence()
                + (file.virtual() ? " virtual" : "");
    }

    private void sayNames(String what, Stream<String> names) {
        String list = names.map(RecoveryDataTest::shortName).collect(Collectors.joining(" "));
        if (!list.isEmpty()) {
            say(what + " " + list);
        }
    }

    private static String shortName(String name) {
        FileId id = FileId.parse(name);
        return id != null ? "#" + id.low() : name.replaceFirst("MANIFEST-0+", "MANIFEST-");
    }

    private void say(String line) {
        answer.append(line.stripTrailing()).append('\n');
    }
}
