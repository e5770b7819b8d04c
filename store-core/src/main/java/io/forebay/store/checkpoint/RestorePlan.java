package io.forebay.store.checkpoint;

import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.key.KeyText;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.VersionEdit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The union of checkpoints, each clipped to a key range of its own, as the runs of a new store.
 *
 * <pre>{@code
 *   source 1, clip [a, m)        source 2, clip [m, z)        the new store
 *   rank 9   [a . . k)           rank 4   [n . . z)           rank 2   [a . . k)  [n . . z)
 *   rank 5   [c . . . m)                                      rank 1   [c . . . m)
 *   rank 0   [a . . . m)         rank 0   [m . . z)           rank 0   [a . . . m)[m . . z)
 * }</pre>
 *
 * <p>Because the clips do not overlap, no key has versions from two sources. So the sequence numbers of different
 * sources need not be comparable, and a run of one source may be joined with any run of another one; only the order
 * within a source matters. Bottom runs become the bottom run, and the other runs are joined by their distance from it.
 * Used by one thread.
 */
public final class RestorePlan {
    private final Map<Long, List<FileMeta>> runs = new TreeMap<>();
    private final Map<String, FileStore> places = new LinkedHashMap<>();
    private final Set<String> sourceFiles = new HashSet<>();
    private long lastSequence;
    private String mergeName;

    private RestorePlan() {}

    /** For checkpoints that are not encrypted. */
    public static RestorePlan of(List<RestoreSource> sources) {
        return of(sources, Encryption.NONE);
    }

    /**
     * @param encryption reads the metadata of the sources
     * @throws IllegalArgumentException when clips overlap, or the sources were written with different merge functions
     * @throws io.forebay.store.EncryptionException when something is not encrypted and that is refused, or there is no
     *     key for what is encrypted
     */
    public static RestorePlan of(List<RestoreSource> sources, Encryption encryption) {
        checkDisjoint(sources, KeyText.forStore(encryption.isOn()));
        RestorePlan plan = new RestorePlan();
        for (RestoreSource source : sources) {
            plan.add(source, encryption);
        }
        plan.runs.replaceAll((rank, files) -> joined(files));
        for (VersionEdit.Added added : plan.added()) {
            FileMeta file = added.file();
            checkKey(file.id().name(), file.keyId(), encryption);
            file.info()
                    .valueFiles()
                    .forEach(share -> checkKey(FileId.of(share).valueFileName(), share.keyId(), encryption));
        }
        return plan;
    }

    private static void checkKey(String name, String keyId, Encryption encryption) {
        if (keyId == null) {
            encryption.checkPlain(name);
        }
    }

    /** Files of the new store that show any keys, without open files. */
    public List<VersionEdit.Added> added() {
        List<VersionEdit.Added> all = new ArrayList<>();
        runs.forEach((rank, files) -> files.forEach(file -> all.add(new VersionEdit.Added(rank, file))));
        return all;
    }

    /** The name of every physical file that is needed, SSTs and value files, and the file store that has it. */
    public Map<String, FileStore> places() {
        return places;
    }

    /** Names of all files of the sources, also of those that show no keys. */
    public Set<String> sourceFiles() {
        return sourceFiles;
    }

    /** The largest sequence number of all sources. */
    public long lastSequence() {
        return lastSequence;
    }

    /** Null when no source has a merge function. */
    public String mergeName() {
        return mergeName;
    }

    private void add(RestoreSource source, Encryption encryption) {
        CheckpointManifest state = CheckpointManifest.decode(source.metadata(), encryption);
        lastSequence = Math.max(lastSequence, state.lastSequence());
        if (state.mergeName() != null) {
            if (mergeName != null && !mergeName.equals(state.mergeName())) {
                throw new IllegalArgumentException("Checkpoints of stores with different merge functions, " + mergeName
                        + " and " + state.mergeName() + ", cannot be joined");
            }
            mergeName = state.mergeName();
        }
        Map<Long, Long> newRanks = newRanks(state);
        for (VersionEdit.Added added : state.added()) {
            sourceFiles.addAll(added.file().names());
            FileMeta visible = added.file().clip(source.clip());
            if (visible != null) {
                runs.computeIfAbsent(newRanks.get(added.rank()), rank -> new ArrayList<>())
                        .add(visible);
                visible.names().forEach(name -> places.putIfAbsent(name, source.files()));
            }
        }
    }

    /** Ranks without gaps. The bottom run stays the bottom run. */
    private static Map<Long, Long> newRanks(CheckpointManifest state) {
        TreeSet<Long> ranks = new TreeSet<>();
        state.added().forEach(added -> ranks.add(added.rank()));
        Map<Long, Long> renumbered = new TreeMap<>();
        long next = SortedRun.BOTTOM + 1;
        for (long rank : ranks) {
            renumbered.put(rank, rank == SortedRun.BOTTOM ? rank : next++);
        }
        return renumbered;
    }

    /** Joins neighbouring parts of one physical file: so a rescale up and down again leaves no trace. */
    private static List<FileMeta> joined(List<FileMeta> files) {
        List<FileMeta> sorted = new ArrayList<>(files);
        sorted.sort((a, b) -> Arrays.compareUnsigned(a.range().from(), b.range().from()));
        List<FileMeta> result = new ArrayList<>();
        for (FileMeta file : sorted) {
            FileMeta before = result.isEmpty() ? null : result.get(result.size() - 1);
            if (before != null
                    && before.id().equals(file.id())
                    && before.overrideSequence() == file.overrideSequence()
                    && Arrays.equals(before.range().to(), file.range().from())) {
                result.set(result.size() - 1, spanning(before, file));
            } else {
                result.add(file);
            }
        }
        return result;
    }

    private static FileMeta spanning(FileMeta before, FileMeta after) {
        return new FileMeta(
                before.id(),
                before.info(),
                KeyRange.of(before.range().from(), after.range().to()),
                true,
                before.overrideSequence(),
                null);
    }

    private static void checkDisjoint(List<RestoreSource> sources, KeyText text) {
        List<KeyRange> clips = new ArrayList<>();
        for (RestoreSource source : sources) {
            if (!source.clip().isEmpty()) {
                clips.add(source.clip());
            }
        }
        clips.sort((a, b) -> Arrays.compareUnsigned(a.from(), b.from()));
        for (int i = 1; i < clips.size(); i++) {
            if (clips.get(i - 1).overlaps(clips.get(i))) {
                throw new IllegalArgumentException("The clips of two sources overlap: " + text.of(clips.get(i - 1))
                        + " and " + text.of(clips.get(i)) + "; every key may come from one source only");
            }
        }
    }
}
