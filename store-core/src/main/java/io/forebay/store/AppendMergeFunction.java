package io.forebay.store;

import java.util.List;

/** Joins values, with one delimiter byte between two of them, in one pass over the operands. */
record AppendMergeFunction(byte delimiter) implements MergeFunction {
    @Override
    public String name() {
        return "append-" + (delimiter & 0xFF);
    }

    @Override
    public int appendDelimiter() {
        return delimiter & 0xFF;
    }

    @Override
    public byte[] merge(byte[] key, List<byte[]> values) {
        long length = values.size() - 1L;
        for (byte[] value : values) {
            length += value.length;
        }
        if (length > Integer.MAX_VALUE - 16) {
            throw new StoreException("The merged value of one key would have " + length
                    + " bytes, more than an array can hold. Split the list over several keys.");
        }
        byte[] merged = new byte[(int) length];
        int at = 0;
        boolean first = true;
        for (byte[] value : values) {
            if (!first) {
                merged[at++] = delimiter;
            }
            first = false;
            System.arraycopy(value, 0, merged, at, value.length);
            at += value.length;
        }
        return merged;
    }
}
