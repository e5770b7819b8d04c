package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.WritableFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/** Remembers every byte that was ever written to another file store, also of files that are gone. One thread at a time. */
public final class RecordingFileStore extends ForwardingFileStore {
    private final Map<String, ByteArrayOutputStream> written = new TreeMap<>();

    public RecordingFileStore(FileStore files) {
        super(files);
    }

    /** All bytes of all files by name; files that were linked from elsewhere are not among them. */
    public Map<String, byte[]> written() {
        Map<String, byte[]> all = new TreeMap<>();
        written.forEach((name, bytes) -> all.put(name, bytes.toByteArray()));
        return all;
    }

    @Override
    public WritableFile create(String name) throws IOException {
        WritableFile file = super.create(name);
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        written.put(name, copy);
        return new Writer(file) {
            @Override
            public void append(ByteBuffer bytes) throws IOException {
                byte[] appended = new byte[bytes.remaining()];
                bytes.duplicate().get(appended);
                copy.writeBytes(appended);
                super.append(bytes);
            }
        };
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        copy.writeBytes(content);
        written.put(name, copy);
        return super.putIfAbsent(name, content);
    }
}
