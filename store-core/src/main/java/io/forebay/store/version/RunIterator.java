package io.forebay.store.version;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.util.List;

/** The files of one run, one after the other; a file is opened when the cursor comes to it. */
final class RunIterator extends InternalIterator {
    private final FileMeta[] files;
    private final boolean fillCache;
    private int index = -1;
    private InternalIterator current;

    RunIterator(List<FileMeta> files, boolean fillCache) {
        this.files = files.toArray(new FileMeta[0]);
        this.fillCache = fillCache;
    }

    @Override
    public void seekToFirst() throws IOException {
        open(0);
        current.seekToFirst();
        forward();
    }

    @Override
    public void seekToLast() throws IOException {
        open(files.length - 1);
        current.seekToLast();
        backward();
    }

    @Override
    public void seek(byte[] target, int offset, int length) throws IOException {
        open(Math.max(0, floor(target, offset, length)));
        current.seek(target, offset, length);
        forward();
    }

    @Override
    public void seekBefore(byte[] target, int offset, int length) throws IOException {
        int at = floor(target, offset, length);
        if (at < 0) {
            valid = false;
            return;
        }
        open(at);
        current.seekBefore(target, offset, length);
        backward();
    }

    @Override
    public void next() throws IOException {
        current.next();
        forward();
    }

    @Override
    public void prev() throws IOException {
        current.prev();
        backward();
    }

    @Override
    public void close() {
        valid = false;
        if (current != null) {
            current.close();
            current = null;
            index = -1;
        }
    }

    private void forward() throws IOException {
        while (!current.isValid() && index + 1 < files.length) {
            open(index + 1);
            current.seekToFirst();
        }
        show();
    }

    private void backward() throws IOException {
        while (!current.isValid() && index > 0) {
            open(index - 1);
            current.seekToLast();
        }
        show();
    }

    private void open(int next) throws IOException {
        if (next != index) {
            if (current != null) {
                current.close();
                current = null;
                index = -1;
            }
            valid = false;
            current = Version.open(files[next], fillCache);
            index = next;
        }
    }

    private void show() {
        valid = current.isValid();
        if (valid) {
            key = current.key();
            keyLength = current.keyLength();
            head = current.head();
            sequence = current.sequence();
            kind = current.kind();
            valueSlab = current.valueSlab();
            valueOffset = current.valueOffset();
            valueLength = current.valueLength();
        }
    }

    /** Index of the last file that starts at or before the key, or -1. */
    private int floor(byte[] target, int offset, int length) {
        int low = 0;
        int high = files.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            byte[] from = files[middle].range().from();
            if (Slab.compare(from, 0, from.length, target, offset, length) <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }
}
