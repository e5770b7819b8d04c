package io.forebay.store.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A file system that knows what a crash would leave of it, so that the real code of local files can be crashed: directories in
 * directories, files with several names, renames. As POSIX has it: bytes survive once their file is synced, names, also those
 * of directories, once the directory that they are in is synced, and a rename survives as a whole or not at all. What is not
 * synced may survive or not.
 *
 * <p>It may have no hard links, as some have not. Thread-safe; its watcher hears of changes while the thread that made them
 * waits.
 */
public final class CrashFileSystem extends FileSystem {
    private final CrashProvider provider = new CrashProvider(this);
    private final CrashNode.Directory root;
    private final boolean links;
    private Consumer<String> watcher = change -> {};

    /** An empty one. */
    public CrashFileSystem(boolean links) {
        this(links, new CrashNode.Directory());
    }

    private CrashFileSystem(boolean links, CrashNode.Directory root) {
        this.links = links;
        this.root = root;
    }

    /** What a crash of the machine leaves at this moment. */
    public synchronized CrashFileSystem afterCrash(CrashChoice choice) {
        return new CrashFileSystem(links, CrashNode.afterCrash(root, choice));
    }

    /** What the end of the process leaves at this moment: all of it, and what was not synced may be lost later. */
    public synchronized CrashFileSystem afterKill() {
        return new CrashFileSystem(links, CrashNode.afterKill(root));
    }

    /** @param next hears of every change from now on, on a thread of its own */
    public synchronized void watch(Consumer<String> next) {
        watcher = next;
    }

    /** Of all names and bytes as they are now. */
    public synchronized long hash() {
        return root.hash();
    }

    /** Everything is synced, as by a host that has been here before. */
    public void syncAll(Path directory) throws IOException {
        for (CrashPath path = CrashPath.of(directory); path != null; path = path.getParent()) {
            syncDirectory(path);
        }
    }

    private void changed(String what, Path path) {
        Consumer<String> listener;
        synchronized (this) {
            listener = watcher;
        }
        CrashDisk.elsewhere(() -> listener.accept(what + " " + path));
    }

    // ---- names

    private CrashNode find(CrashPath path) {
        CrashNode node = root;
        for (String name : path.names()) {
            node = node instanceof CrashNode.Directory directory ? directory.present.get(name) : null;
        }
        return node;
    }

    synchronized CrashNode require(CrashPath path) throws NoSuchFileException {
        CrashNode found = find(path);
        if (found == null) {
            throw new NoSuchFileException(path.toString());
        }
        return found;
    }

    private CrashNode.Directory directory(CrashPath path) throws IOException {
        if (path != null && require(path) instanceof CrashNode.Directory directory) {
            return directory;
        }
        throw new NotDirectoryException(String.valueOf(path));
    }

    private CrashNode.Directory requireFree(CrashPath path) throws IOException {
        CrashNode.Directory directory = directory(path.getParent());
        if (directory.present.containsKey(path.name())) {
            throw new FileAlreadyExistsException(path.toString());
        }
        return directory;
    }

    synchronized List<String> list(CrashPath path) throws IOException {
        return new ArrayList<>(directory(path).present.keySet());
    }

    void makeDirectory(CrashPath path) throws IOException {
        synchronized (this) {
            requireFree(path).change(new CrashNode.Change(null, path.name(), new CrashNode.Directory()));
        }
        changed("make", path);
    }

    void delete(CrashPath path) throws IOException {
        synchronized (this) {
            CrashNode gone = require(path);
            if (gone instanceof CrashNode.Directory) {
                throw new UnsupportedOperationException("deletion of directory " + path);
            }
            directory(path.getParent()).change(new CrashNode.Change(path.name(), null, null));
        }
        changed("delete", path);
    }

    void link(CrashPath link, CrashPath existing) throws IOException {
        if (!links) {
            throw new UnsupportedOperationException("no links");
        }
        synchronized (this) {
            CrashNode node = require(existing);
            requireFree(link).change(new CrashNode.Change(null, link.name(), node));
        }
        changed("link", link);
    }

    /** Within one directory; takes the place of what has the name. */
    void rename(CrashPath from, CrashPath to) throws IOException {
        if (!from.getParent().equals(to.getParent())) {
            throw new UnsupportedOperationException("a move from " + from + " to " + to);
        }
        synchronized (this) {
            CrashNode node = require(from);
            directory(to.getParent()).change(new CrashNode.Change(from.name(), to.name(), node));
        }
        changed("rename to", to);
    }

    void syncDirectory(CrashPath path) throws IOException {
        synchronized (this) {
            directory(path).sync();
        }
        changed("sync of names in", path);
    }

    // ---- files

    FileChannel open(CrashPath path, Set<?> options) throws IOException {
        boolean fresh = options.contains(StandardOpenOption.CREATE_NEW);
        boolean created = false;
        CrashNode node;
        synchronized (this) {
            node = find(path);
            if (node == null || fresh) {
                if (!fresh && !options.contains(StandardOpenOption.CREATE)) {
                    throw new NoSuchFileException(path.toString());
                }
                node = new CrashNode.File(new DiskFile());
                requireFree(path).change(new CrashNode.Change(null, path.name(), node));
                created = true;
            }
        }
        if (created) {
            changed("create", path);
        }
        return new CrashChannel(this, path, node);
    }

    /** A handle for nothing but syncs of a file. */
    public FileChannel handle(Path path) throws IOException {
        return open(CrashPath.of(path), Set.of(StandardOpenOption.WRITE));
    }

    void write(CrashPath path, CrashNode.File file, ByteBuffer bytes, long position) {
        synchronized (this) {
            if (position != file.content.size()) {
                throw new UnsupportedOperationException("a write at " + position + " of " + file.content.size());
            }
            file.content.append(bytes);
        }
        changed("write to", path);
    }

    void clear(CrashPath path, CrashNode.File file) {
        synchronized (this) {
            file.content = new DiskFile();
        }
        changed("truncate", path);
    }

    void syncFile(CrashPath path, CrashNode.File file) {
        synchronized (this) {
            file.content.sync();
        }
        changed("sync of", path);
    }

    // ---- FileSystem

    @Override
    public FileSystemProvider provider() {
        return provider;
    }

    @Override
    public Path getPath(String first, String... more) {
        List<String> names = new ArrayList<>(Arrays.asList(first.split("/")));
        for (String each : more) {
            names.addAll(Arrays.asList(each.split("/")));
        }
        names.removeIf(String::isEmpty);
        return new CrashPath(this, first.startsWith("/"), names);
    }

    @Override
    public PathMatcher getPathMatcher(String pattern) {
        PathMatcher matcher = FileSystems.getDefault().getPathMatcher(pattern);
        return path -> matcher.matches(Path.of(path.toString()));
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic");
    }

    @Override
    public void close() {}

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(getPath("/"));
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of();
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw new UnsupportedOperationException();
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException();
    }
}
