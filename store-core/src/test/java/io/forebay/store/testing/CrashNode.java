package io.forebay.store.testing;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a name of a {@link CrashFileSystem} stands for. Guarded by the file system. */
abstract class CrashNode {
    /** The bytes of a file, whatever its names are. */
    static final class File extends CrashNode {
        DiskFile content;

        File(DiskFile content) {
            this.content = content;
        }
    }

    /**
     * A change of the names of one directory, which survives as a whole or not at all.
     *
     * @param removed a name that went, or null
     * @param added a name that came, or null; both for a rename
     * @param node of the name that came
     */
    record Change(String removed, String added, CrashNode node) {
        void applyTo(Map<String, CrashNode> names) {
            if (removed != null) {
                names.remove(removed);
            }
            if (added != null) {
                names.put(added, node);
            }
        }
    }

    /** Names, as everybody sees them and as they are on disk. */
    static final class Directory extends CrashNode {
        final TreeMap<String, CrashNode> present = new TreeMap<>();
        private final TreeMap<String, CrashNode> durable = new TreeMap<>();
        private final List<Change> changes = new ArrayList<>();

        void change(Change change) {
            change.applyTo(present);
            changes.add(change);
        }

        void sync() {
            durable.clear();
            durable.putAll(present);
            changes.clear();
        }
    }

    /** Everything below {@code root} as a crash leaves it, all of it durable. A file with several names stays one. */
    static Directory afterCrash(Directory root, CrashChoice choice) {
        return new Copy() {
            @Override
            void fill(Directory from, Directory to) {
                TreeMap<String, CrashNode> names = new TreeMap<>(from.durable);
                int count = from.changes.size();
                for (int i = 0; i < count; i++) {
                    Change change = from.changes.get(i);
                    if (choice.keeps(change.added != null, i, count)) {
                        change.applyTo(names);
                    }
                }
                names.forEach((name, node) -> to.present.put(name, of(node)));
                to.sync();
            }

            @Override
            DiskFile content(DiskFile from) {
                return choice.left(from, from.size(), from.synced());
            }
        }.of(root);
    }

    /** Everything below {@code root} as the end of the process leaves it: what is not durable may still be lost. */
    static Directory afterKill(Directory root) {
        return new Copy() {
            @Override
            void fill(Directory from, Directory to) {
                from.durable.forEach((name, node) -> to.durable.put(name, of(node)));
                to.present.putAll(to.durable);
                for (Change change : from.changes) {
                    to.change(new Change(change.removed, change.added, change.node == null ? null : of(change.node)));
                }
            }

            @Override
            DiskFile content(DiskFile from) {
                return from.prefix(from.size(), from.synced());
            }
        }.of(root);
    }

    private abstract static class Copy {
        private final Map<CrashNode, CrashNode> copies = new IdentityHashMap<>();

        abstract void fill(Directory from, Directory to);

        abstract DiskFile content(DiskFile from);

        @SuppressWarnings("unchecked")
        final <N extends CrashNode> N of(N node) {
            CrashNode copy = copies.get(node);
            if (copy == null) {
                if (node instanceof File file) {
                    copy = new File(content(file.content));
                    copies.put(node, copy);
                } else {
                    Directory directory = new Directory();
                    copy = directory;
                    copies.put(node, copy);
                    fill((Directory) (CrashNode) node, directory);
                }
            }
            return (N) copy;
        }
    }

    /** Of all names and bytes below. */
    long hash() {
        if (this instanceof File file) {
            return file.content.hash();
        }
        long hash = 17;
        for (Map.Entry<String, CrashNode> entry : ((Directory) this).present.entrySet()) {
            hash = CrashDisk.mix(
                    CrashDisk.mix(hash, entry.getKey().hashCode()),
                    entry.getValue().hash());
        }
        return hash;
    }
}
