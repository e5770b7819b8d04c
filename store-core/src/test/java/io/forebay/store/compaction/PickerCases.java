package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.sst.Superseded;
import io.forebay.store.util.Cancellation;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.SstInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs one case of a text file: lines of input, {@code ----}, the expected answer.
 *
 * <pre>
 * run 3: a-c 8M, d-f 1M @90..120     files with key ranges, sizes, and sequences (else rank * 10 to rank * 10 + 9)
 * run 0: a-m 64M deletes=30% busy    half-open ranges; m is not in it; "virtual" says what it says
 * run 5: a-d 1K ~a-d@55              range deletes
 * run 0: a-d 1M superseded=30%       so much of it is entries that newer ones in it hide
 * run 4: a-d 1M lean=-50             an id that has triggers lean by that percentage, see Lean; else none
 * durable 40                         else everything is
 * snapshot 30                        else none
 * target 64M                         else that
 * old 90 30                          time and period, for the question what is too old; files are "created=70", else 0
 * pick | full | awaited              the question; the last one: which reader has to go, so that there may be more to do
 * </pre>
 */
final class PickerCases {
    private static final long ENTRY_BYTES = 100;

    private final List<SortedRun> runs = new ArrayList<>();
    private final Map<FileId, String> names = new HashMap<>();
    private final Map<FileId, FragmentArray> tombstones = new HashMap<>();
    private final Set<FileId> busy = new HashSet<>();
    private long durable = 1_000_000;
    private long snapshot = 1_000_000;
    private long target = 64L << 20;
    private long ids;

    static String answer(List<String> lines) throws IOException {
        return new PickerCases().run(lines);
    }

    private String run(List<String> lines) throws IOException {
        StringBuilder answers = new StringBuilder();
        for (String line : lines) {
            String[] words = line.split("[ :]+", 2);
            switch (words[0]) {
                case "run" -> addRun(words[1]);
                case "durable" -> durable = Long.parseLong(words[1]);
                case "snapshot" -> snapshot = Long.parseLong(words[1]);
                case "target" -> target = bytes(words[1]);
                case "pick" -> answers.append(describe(pickAll(input())));
                case "full" -> answers.append(describe(CompactionPicker.pickFull(input(), Long.MAX_VALUE)));
                case "awaited" -> {
                    runs.sort((a, b) -> Long.compare(b.rank(), a.rank()));
                    long awaited = SupersededFiles.awaited(runs, snapshot, durable);
                    answers.append(awaited == Long.MAX_VALUE ? "nobody\n" : "those before " + awaited + "\n");
                }
                case "old" -> answers.append(old(words[1].split(" ")));
                default -> throw new IllegalArgumentException("Not understood: " + line);
            }
        }
        return answers.toString();
    }

    /** Picks until something is due, or all is known. */
    static Compaction pickAll(PickInput in) throws IOException {
        Compaction picked = CompactionPicker.pick(in);
        while (picked == null && !in.hidden().isComplete()) {
            picked = CompactionPicker.pick(in);
        }
        return picked;
    }

    private String old(String[] words) {
        FileAges ages = new FileAges(Long.parseLong(words[0]), Long.parseLong(words[1]));
        PickInput in = input();
        Compaction compaction = ages.pick(in.runs(), busy);
        return compaction == null
                ? "nothing, next in " + ages.untilNext(in.runs(), Set.of()) + "\n"
                : describe(compaction);
    }

    private PickInput input() {
        runs.sort((a, b) -> Long.compare(b.rank(), a.rank()));
        return new PickInput(
                runs,
                busy,
                durable,
                snapshot,
                target,
                files -> {
                    Fragmenter fragmenter = new Fragmenter();
                    files.forEach(file -> fragmenter.addAll(tombstones.get(file.id())));
                    return fragmenter.finish();
                },
                new HiddenMemo(PickerCases::share),
                new Cancellation());
    }

    /** As if each letter, of the first ones of keys, had as much. */
    private static double share(FileMeta file, List<KeyRange> ranges, Cancellation cancellation) {
        double letters = 0;
        for (KeyRange range : ranges) {
            letters += letter(range.to()) - letter(range.from());
        }
        return letters / (letter(file.range().to()) - letter(file.range().from()));
    }

    private static int letter(byte[] key) {
        return key == null ? 'z' + 1 : key[0];
    }

    private void addRun(String text) {
        int colon = text.indexOf(':');
        long rank = Long.parseLong(text.substring(0, colon));
        List<FileMeta> files = new ArrayList<>();
        for (String file : text.substring(colon + 1).split(",")) {
            files.add(file(rank, file.trim().split(" +")));
        }
        runs.add(new SortedRun(rank, files));
    }

    private FileMeta file(long rank, String[] words) {
        FileId id = new FileId(lean(words) << 56, ++ids);
        names.put(id, words[0]);
        long size = bytes(words[1]);
        long low = rank * 10;
        long high = rank * 10 + 9;
        long deletes = 0;
        boolean virtual = false;
        long superseded = 0;
        long created = 0;
        Fragmenter fragmenter = new Fragmenter();
        for (int i = 2; i < words.length; i++) {
            String word = words[i];
            if (word.startsWith("@")) {
                String[] bounds = word.substring(1).split("\\.\\.");
                low = Long.parseLong(bounds[0]);
                high = Long.parseLong(bounds[1]);
            } else if (word.startsWith("deletes=")) {
                deletes = size / ENTRY_BYTES * Long.parseLong(word.substring(8, word.length() - 1)) / 100;
            } else if (word.startsWith("superseded=")) {
                superseded = size * Long.parseLong(word.substring(11, word.length() - 1)) / 100;
            } else if (word.startsWith("lean=")) {
                continue;
            } else if (word.startsWith("created=")) {
                created = Long.parseLong(word.substring(8));
            } else if (word.startsWith("~")) {
                String[] parts = word.substring(1).split("@");
                KeyRange range = range(parts[0]);
                fragmenter.add(range.from(), range.to(), Long.parseLong(parts[1]));
            } else if (word.equals("busy")) {
                busy.add(id);
            } else if (word.equals("virtual")) {
                virtual = true;
            } else {
                throw new IllegalArgumentException("Not understood: " + word);
            }
        }
        tombstones.put(id, fragmenter.finish());
        long rangeDeletes = tombstones.get(id).size();
        long entries = rangeDeletes > 0 && size < ENTRY_BYTES ? 0 : size / ENTRY_BYTES;
        return new FileMeta(
                id,
                new SstInfo(
                        size,
                        low,
                        high,
                        entries,
                        deletes,
                        rangeDeletes,
                        created,
                        null,
                        null,
                        null,
                        -1,
                        null,
                        List.of(),
                        superseded == 0 ? null : new Superseded(size, superseded, 0, 0)),
                range(words[0]),
                virtual,
                -1,
                null);
    }

    private static long lean(String[] words) {
        return Arrays.stream(words)
                .filter(word -> word.startsWith("lean="))
                .mapToLong(word -> Math.min(127, Long.parseLong(word.substring(5)) * 128 / 100))
                .findAny()
                .orElse(0);
    }

    /** {@code a-c}; {@code a-} is without end. */
    private static KeyRange range(String text) {
        String[] bounds = text.split("-");
        return KeyRange.of(key(bounds[0]), bounds.length > 1 ? key(bounds[1]) : null);
    }

    private static byte[] key(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static long bytes(String text) {
        char unit = text.charAt(text.length() - 1);
        int shift = unit == 'G' ? 30 : unit == 'M' ? 20 : unit == 'K' ? 10 : 0;
        return Long.parseLong(shift == 0 ? text : text.substring(0, text.length() - 1)) << shift;
    }

    private String describe(Compaction compaction) {
        if (compaction == null) {
            return "nothing\n";
        }
        StringBuilder text = new StringBuilder(compaction.kind().name().toLowerCase(java.util.Locale.ROOT));
        for (Compaction.Input input : compaction.inputs()) {
            text.append(' ').append(input.rank()).append('[');
            String separator = "";
            for (FileMeta file : input.files()) {
                text.append(separator).append(names.get(file.id()));
                separator = " ";
            }
            text.append(']');
        }
        if (compaction.kind() != Compaction.Kind.DROP) {
            text.append(" to ").append(compaction.outputRank());
        }
        return text.append('\n').toString();
    }
}
