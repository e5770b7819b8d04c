package io.forebay.flink.timer;

import java.util.Arrays;
import javax.annotation.Nullable;

/**
 * A small sorted set of row keys, in unsigned order. It is an array with free space before the first row, so that
 * removing the first row moves nothing. An insert moves at most {@code capacity} references. Used by one thread.
 */
final class OrderedRows {
    private final int capacity;
    private byte[][] rows = new byte[8][];
    private int first;
    private int end;

    OrderedRows(int capacity) {
        this.capacity = capacity;
    }

    int size() {
        return end - first;
    }

    boolean isEmpty() {
        return end == first;
    }

    boolean isFull() {
        return size() >= capacity;
    }

    @Nullable
    byte[] first() {
        return isEmpty() ? null : rows[first];
    }

    @Nullable
    byte[] last() {
        return isEmpty() ? null : rows[end - 1];
    }

    byte[] removeFirst() {
        byte[] row = rows[first];
        rows[first++] = null;
        return row;
    }

    void removeLast() {
        rows[--end] = null;
    }

    /** @return the position of the row, counted from the first row; -1 when the set had the row already */
    int add(byte[] row) {
        int at = Arrays.binarySearch(rows, first, end, row, Arrays::compareUnsigned);
        if (at >= 0) {
            return -1;
        }
        int position = -at - 1 - first;
        if (end == rows.length) {
            makeRoom();
        }
        System.arraycopy(rows, first + position, rows, first + position + 1, size() - position);
        rows[first + position] = row;
        end++;
        return position;
    }

    /** Adds a row that is greater than all others. */
    void addLast(byte[] row) {
        if (end == rows.length) {
            makeRoom();
        }
        rows[end++] = row;
    }

    /** @return the position that the row had, counted from the first row; -1 when the set did not have the row */
    int remove(byte[] row) {
        int at = Arrays.binarySearch(rows, first, end, row, Arrays::compareUnsigned);
        if (at < 0) {
            return -1;
        }
        System.arraycopy(rows, at + 1, rows, at, end - at - 1);
        rows[--end] = null;
        return at - first;
    }

    private void makeRoom() {
        int size = size();
        byte[][] target = size > rows.length / 2 ? new byte[rows.length * 2][] : rows;
        System.arraycopy(rows, first, target, 0, size);
        if (target == rows) {
            Arrays.fill(rows, size, end, null);
        }
        rows = target;
        first = 0;
        end = size;
    }
}
