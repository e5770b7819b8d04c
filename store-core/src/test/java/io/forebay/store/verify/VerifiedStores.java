package io.forebay.store.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.forebay.store.MergeFunction;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.Set;
import java.util.TreeSet;

/** A store with files of all sorts, to be verified; the base of the tests. */
abstract class VerifiedStores {
    static final byte[] NONE = {};
    final CrashFileStore files = new CrashFileStore();
    final SteppedEnvironment stepped = new SteppedEnvironment();

    static StoreOptions.Builder options() {
        return StoreOptions.builder()
                .memtableBytes(8 << 10)
                .blockBytes(256)
                .targetFileBytes(4 << 10)
                .mergeFunction(MergeFunction.append((byte) ','));
    }

    Store open() {
        return stepped.open(files, options());
    }

    static byte[] key(int i) {
        return String.format("key%06d", i).getBytes(UTF_8);
    }

    /** Several runs, some in the bottom, with deletes, merges, range deletes, and an ingested one. */
    void fill(Store store) {
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < 600; i++) {
                byte[] key = key(i * 7 % 1000);
                switch (i % 10) {
                    case 0 -> store.delete(key);
                    case 1, 2 -> store.merge(key, ("m" + round).getBytes(UTF_8));
                    default -> store.put(key, ("value " + round + " of " + i).getBytes(UTF_8));
                }
            }
            store.deleteRange(key(100 * round), key(100 * round + 20));
            store.commitDurably(("round " + round).getBytes(UTF_8));
            if (round == 1) {
                store.compact();
            }
            if (round == 2) {
                try (SortedIngest ingest = store.ingest()) {
                    for (int i = 300; i < 400; i++) {
                        ingest.add(key(i), ("ingested " + i).getBytes(UTF_8));
                    }
                    ingest.finish();
                }
            }
        }
        stepped.executor.drain(); // what compactions have made obsolete is deleted
    }

    Set<String> tables() {
        Set<String> names = new TreeSet<>(files.list());
        names.removeIf(name -> !name.endsWith(".sst"));
        return names;
    }

    String manifest() {
        return files.list().stream()
                .filter(name -> name.startsWith("MANIFEST"))
                .findFirst()
                .orElseThrow();
    }
}
