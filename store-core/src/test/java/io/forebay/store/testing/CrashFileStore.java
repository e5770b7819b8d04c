package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.StoreLockedException;
import io.forebay.store.WritableFile;
import io.forebay.store.io.FileMapping;
import io.forebay.store.io.MappableFile;
import io.forebay.store.io.MappableFiles;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A directory of a {@link CrashDisk}, which knows what a crash would leave of it, and which can be told to fail. As POSIX
 * has it: the bytes of a file survive once the file is synced, its name once the directory is synced, and neither sync
 * does the work of the other. What is not synced may survive or not. The name of the directory itself is durable with the first
 * sync of it, as {@code LocalFileStore} has it; before that, a crash may take the directory as a whole.
 *
 * <p>Thread-safe. The moments of a disk are taken by its watcher, or when nobody changes anything.
 */
public final class CrashFileStore implements FileStore, MappableFiles {
    private final CrashDisk disk;
    private final String name;
    private final TreeMap<String, DiskFile> present;
    /** What the directory holds on disk, before {@link #changes}. */
    private final TreeMap<String, DiskFile> durable;
    /** Since the last sync of the directory, in order. */
    private final List<CrashMoment.Change> changes = new ArrayList<>();

    private boolean locked;
    private boolean named;
    private long attempts;
    private long failAtAttempt = Long.MAX_VALUE;
    private long syncs;
    private int openReaders;
    private boolean mappable;
    private boolean mappedFails;
    private int mappings;

    /** An empty directory, on a disk of its own. */
    public CrashFileStore() {
        this(new CrashDisk(), "store", false, Map.of(), List.of());
        disk.adopt(this);
    }

    CrashFileStore(
            CrashDisk disk,
            String name,
            boolean named,
            Map<String, DiskFile> durable,
            List<CrashMoment.Change> changes) {
        this.disk = disk;
        this.name = name;
        this.named = named;
        this.durable = new TreeMap<>(durable);
        this.changes.addAll(changes);
        present = new TreeMap<>(durable);
        for (CrashMoment.Change change : changes) {
            if (change.create()) {
                present.put(change.name(), change.file());
            } else {
                present.remove(change.name());
            }
        }
    }

    /** What a crash at this moment leaves: synced bytes and names for sure, a random part of the rest. */
    public CrashFileStore afterCrash(Random random) {
        return afterCrash(CrashChoice.random(random));
    }

    /** What a crash at this moment leaves; other threads may go on writing, before or after it. */
    public synchronized CrashFileStore afterCrash(CrashChoice choice) {
        return new CrashMoment(List.of(this)).afterCrash(choice).directory(name);
    }

    /**
     * What the end of the process at this moment leaves: everything that was handed to the file system, synced or not. What
     * was not may still be lost in a crash of the result.
     */
    public synchronized CrashFileStore afterKill() {
        return new CrashMoment(List.of(this)).afterKill().directory(name);
    }

    /** The disk that the directory is on. */
    public CrashDisk disk() {
        return disk;
    }

    /** From the {@code count}-th change from now on (1: the next one) every change fails. */
    public synchronized void failAfter(long count) {
        failAtAttempt = attempts + count;
    }

    public synchronized void heal() {
        failAtAttempt = Long.MAX_VALUE;
    }

    /** Syncs of files and of the directory so far. */
    public synchronized long syncs() {
        return syncs;
    }

    /** Files opened for reading and not closed. */
    public synchronized int openReaders() {
        return openReaders;
    }

    /**
     * From now on files can be mapped, on every JDK. A mapping is a copy, which is filled with a pattern when it is unmapped, so
     * that a reader who comes too late finds that and not what was written.
     */
    public synchronized CrashFileStore mappable() {
        mappable = true;
        return this;
    }

    @Override
    public synchronized boolean areMappable() {
        return mappable;
    }

    /** From now on a load from a mapping meets the error of the JVM for a page that is not delivered, when it is asked for. */
    public synchronized void failMapped() {
        mappedFails = true;
    }

    private synchronized void checkMapped() {
        if (mappedFails) {
            throw new InternalError("a fault occurred in an unsafe memory access operation");
        }
    }

    /** Files that are mapped and not unmapped. */
    public synchronized int mappings() {
        return mappings;
    }

    /** Flips one bit of a file. */
    public synchronized void damage(String file, long offset) {
        present.get(file).flip((int) offset, 0x10);
    }

    public synchronized long size(String file) {
        return present.get(file).size();
    }

    @Override
    public WritableFile create(String file) throws IOException {
        return disk.inTurn(() -> createInTurn(file));
    }

    private WritableFile createInTurn(String file) throws IOException {
        DiskFile content = new DiskFile();
        synchronized (this) {
            attempt("create " + file);
            link(file, content);
        }
        changed("create ", file);
        return new Writer(file, content);
    }

    @Override
    public ReadableFile open(String file) throws IOException {
        return disk.inTurn(() -> openInTurn(file));
    }

    private ReadableFile openInTurn(String file) throws IOException {
        synchronized (this) {
            Reader reader = new Reader(file, find(file));
            openReaders++;
            return reader;
        }
    }

    @Override
    public boolean putIfAbsent(String file, byte[] bytes) throws IOException {
        return disk.inTurn(() -> putIfAbsentInTurn(file, bytes));
    }

    private boolean putIfAbsentInTurn(String file, byte[] bytes) throws IOException {
        DiskFile content = new DiskFile(bytes.clone());
        synchronized (this) {
            attempt("put " + file);
            if (present.containsKey(file)) {
                return false;
            }
            link(file, content);
        }
        changed("put, not yet durable, ", file);
        synchronized (this) {
            // Nobody may rely on a put to sync other names.
            changes.removeIf(change -> change.name().equals(file));
            durable.put(file, content);
            named = true;
            syncs += 2;
        }
        changed("put ", file);
        return true;
    }

    @Override
    public synchronized List<String> list() {
        return List.copyOf(present.keySet());
    }

    @Override
    public synchronized boolean exists(String file) {
        return present.containsKey(file);
    }

    @Override
    public void delete(String file) throws IOException {
        disk.inTurn(() -> {
            deleteInTurn(file);
            return null;
        });
    }

    private void deleteInTurn(String file) throws IOException {
        synchronized (this) {
            attempt("delete " + file);
            DiskFile gone = present.remove(file);
            if (gone == null) {
                return;
            }
            changes.add(new CrashMoment.Change(file, gone, false));
        }
        changed("delete ", file);
    }

    @Override
    public void sync(String file) throws IOException {
        disk.inTurn(() -> {
            syncInTurn(file);
            return null;
        });
    }

    private void syncInTurn(String file) throws IOException {
        synchronized (this) {
            DiskFile content = find(file);
            attempt("sync of " + file);
            syncs++;
            content.sync();
        }
        changed("sync again of ", file);
    }

    @Override
    public void syncDirectory() throws IOException {
        disk.inTurn(() -> {
            syncDirectoryInTurn();
            return null;
        });
    }

    private void syncDirectoryInTurn() throws IOException {
        synchronized (this) {
            attempt("sync of the directory");
            syncs++;
            named = true;
            changes.clear();
            durable.clear();
            durable.putAll(present);
        }
        changed("sync of ", "the directory");
    }

    @Override
    public void linkFrom(FileStore from, String file) throws IOException {
        disk.inTurn(() -> {
            linkFromInTurn(from, file);
            return null;
        });
    }

    private void linkFromInTurn(FileStore from, String file) throws IOException {
        DiskFile content = from instanceof CrashFileStore other ? other.find(file) : copied(from, file);
        synchronized (this) {
            attempt("link " + file);
            link(file, content);
        }
        changed("link ", file);
    }

    private static DiskFile copied(FileStore from, String file) throws IOException {
        try (ReadableFile source = from.open(file)) {
            byte[] bytes = new byte[(int) source.size()];
            source.read(0, ByteBuffer.wrap(bytes));
            return new DiskFile(bytes);
        }
    }

    @Override
    public synchronized AutoCloseable lock() {
        if (locked) {
            throw new StoreLockedException("The directory " + describe() + " is in use by this process");
        }
        locked = true;
        return () -> {
            synchronized (this) {
                locked = false;
            }
        };
    }

    @Override
    public String describe() {
        return "memory that can crash";
    }

    String name() {
        return name;
    }

    /** True when the name of the directory is durable. */
    synchronized boolean isNamed() {
        return named;
    }

    synchronized Map<String, DiskFile> durable() {
        return new TreeMap<>(durable);
    }

    synchronized List<CrashMoment.Change> pendingChanges() {
        return List.copyOf(changes);
    }

    /** Of all names and bytes as they are now. */
    synchronized long hash() {
        long hash = present.size();
        for (Map.Entry<String, DiskFile> file : present.entrySet()) {
            for (int i = 0; i < file.getKey().length(); i++) {
                hash = hash * 31 + file.getKey().charAt(i);
            }
            hash = CrashDisk.mix(hash, file.getValue().hash());
        }
        return hash;
    }

    private synchronized DiskFile find(String file) throws NoSuchFileException {
        DiskFile content = present.get(file);
        if (content == null) {
            throw new NoSuchFileException(file);
        }
        return content;
    }

    private void link(String file, DiskFile content) throws FileAlreadyExistsException {
        if (present.putIfAbsent(file, content) != null) {
            throw new FileAlreadyExistsException(file);
        }
        changes.add(new CrashMoment.Change(file, content, true));
    }

    private void attempt(String what) throws IOException {
        if (++attempts >= failAtAttempt) {
            throw new IOException("injected failure of " + what);
        }
    }

    private void changed(String what, String file) {
        disk.changed(this, what, file);
    }

    private final class Writer implements WritableFile {
        private final String file;
        private final DiskFile content;
        private boolean closed;

        Writer(String file, DiskFile content) {
            this.file = file;
            this.content = content;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            disk.inTurn(() -> {
                appendInTurn(bytes);
                return null;
            });
        }

        private void appendInTurn(ByteBuffer bytes) throws IOException {
            synchronized (CrashFileStore.this) {
                checkOpen();
                attempt("append to " + file);
                content.append(bytes);
            }
            changed("append to ", file);
        }

        @Override
        public long position() {
            return content.size();
        }

        @Override
        public void sync() throws IOException {
            disk.inTurn(() -> {
                syncInTurn();
                return null;
            });
        }

        private void syncInTurn() throws IOException {
            synchronized (CrashFileStore.this) {
                checkOpen();
                attempt("sync of " + file);
                syncs++;
                content.sync();
            }
            changed("sync of ", file);
        }

        @Override
        public void close() {
            closed = true;
        }

        private void checkOpen() throws IOException {
            if (closed) {
                throw new IOException(file + " is closed");
            }
        }
    }

    private final class Reader implements MappableFile {
        private final String file;
        private final DiskFile content;
        private boolean closed;

        Reader(String file, DiskFile content) {
            this.file = file;
            this.content = content;
        }

        @Override
        public long size() {
            return content.size();
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            if (closed) {
                throw new IOException(file + " is closed");
            }
            if (!content.read(position, into)) {
                throw new EOFException(file + " ends at " + content.size());
            }
        }

        @Override
        public boolean isMappable() {
            return areMappable();
        }

        @Override
        public FileMapping map() throws IOException {
            synchronized (CrashFileStore.this) {
                mappings++;
            }
            ByteBuffer copy = ByteBuffer.allocateDirect(content.size());
            read(0, copy);
            return new FileMapping(copy.clear(), () -> unmap(copy)) {
                @Override
                public boolean isResident(int at, int length) {
                    checkMapped();
                    return true;
                }
            };
        }

        private void unmap(ByteBuffer copy) {
            PoisonSlabs.poison(copy);
            synchronized (CrashFileStore.this) {
                mappings--;
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                synchronized (CrashFileStore.this) {
                    openReaders--;
                }
            }
        }
    }
}
