package io.forebay.store.checkpoint;

import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.datadriven.DataDriven;
import io.forebay.store.testing.datadriven.KeyRanges;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SstInfo;
import io.forebay.store.version.VersionEdit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Restores as text: checkpoints with their clips, and the store that comes out.
 *
 * <pre>
 * source -m                    a checkpoint of which the keys up to m are wanted
 *   3: #1 a-z                  run 3 has file 1 with the keys from a to z
 *   0: #2 a-d, #3 d-f virtual  the bottom run has two; of the second one only this part is shown
 * source m- from 2000          another one, whose last sequence is 2000 (else 1000)
 * plan                         what the new store is made of, newest run first
 * </pre>
 */
class RestorePlanDataTest {
    private static final long IDS = 77;

    @TestFactory
    Stream<DynamicTest> answersAsWritten() {
        return DataDriven.files("restore", List.of("clip", "join"), lines -> new RestorePlanDataTest().answer(lines));
    }

    private final List<RestoreSource> sources = new ArrayList<>();
    private final List<FileStore> places = new ArrayList<>();
    private KeyRange clip;
    private VersionEdit state;

    private String answer(List<String> lines) {
        for (String line : lines) {
            String[] words = line.trim().split("[: ]+", 2);
            if (words[0].equals("source")) {
                finishSource();
                String[] rest = words[1].split(" from ");
                clip = KeyRanges.parse(rest[0]);
                state = new VersionEdit().lastSequence(rest.length > 1 ? Long.parseLong(rest[1]) : 1000);
            } else if (!words[0].equals("plan")) {
                for (String file : words[1].split(", *")) {
                    state.add(Long.parseLong(words[0]), file(file.split(" ")));
                }
            }
        }
        finishSource();
        try {
            return describe(RestorePlan.of(sources));
        } catch (IllegalArgumentException e) {
            return "refused: " + e.getMessage() + "\n";
        }
    }

    private void finishSource() {
        if (state != null) {
            byte[] metadata = CheckpointManifest.of(state.commit(state.lastSequence(), new byte[0]))
                    .encode();
            places.add(new MemoryFileStore());
            sources.add(new RestoreSource(places.get(places.size() - 1), metadata, clip));
        }
    }

    /** {@code #2 a-d virtual}. */
    private static FileMeta file(String[] words) {
        FileId id = new FileId(IDS, Long.parseLong(words[0].substring(1)));
        boolean virtual = words.length > 2 && words[2].equals("virtual");
        return new FileMeta(
                id, new SstInfo(100, 1, 9, 10, 0, 0, 0, null), KeyRanges.parse(words[1]), virtual, -1, null);
    }

    private String describe(RestorePlan plan) {
        StringBuilder text = new StringBuilder();
        List<VersionEdit.Added> added = new ArrayList<>(plan.added());
        added.sort((a, b) -> Long.compare(b.rank(), a.rank()));
        long rank = -1;
        for (VersionEdit.Added each : added) {
            FileMeta file = each.file();
            text.append(each.rank() == rank ? ", " : (text.isEmpty() ? "" : "\n") + each.rank() + ": ");
            text.append('#').append(file.id().low()).append(' ').append(KeyRanges.text(file.range()));
            text.append(file.virtual() ? " virtual" : "");
            rank = each.rank();
        }
        text.append(text.isEmpty() ? "no files" : "").append('\n');
        text.append("last sequence ").append(plan.lastSequence()).append('\n');
        for (Map.Entry<String, FileStore> place : plan.places().entrySet()) {
            text.append('#').append(FileId.parse(place.getKey()).low()).append(" from source ");
            text.append(places.indexOf(place.getValue()) + 1).append('\n');
        }
        return text.toString();
    }
}
