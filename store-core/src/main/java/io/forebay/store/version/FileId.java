package io.forebay.store.version;

import io.forebay.store.values.ValueShare;
import java.util.HexFormat;
import java.util.function.LongSupplier;

/**
 * The 128-bit id of an SST or of a value file. It is random and never used again, so links, uploads and references need no
 * coordination.
 */
public record FileId(long high, long low) implements Comparable<FileId> {
    private static final String SST = ".sst";
    private static final String VALUES = ".val";
    private static final int DIGITS = 16;

    public static FileId random(LongSupplier ids) {
        return new FileId(ids.getAsLong(), ids.getAsLong());
    }

    /** The id of the value file of a share. */
    public static FileId of(ValueShare share) {
        return new FileId(share.high(), share.low());
    }

    /** Name of the SST: 32 hexadecimal digits and ".sst". */
    public String name() {
        return digits() + SST;
    }

    /** Name of the value file: 32 hexadecimal digits and ".val". */
    public String valueFileName() {
        return digits() + VALUES;
    }

    /** The id as 32 hexadecimal digits. */
    String digits() {
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(high) + hex.toHexDigits(low);
    }

    /** True for the name of an SST. */
    public static boolean isName(String name) {
        return parse(name) != null;
    }

    /** True for the name of an SST or of a value file. */
    public static boolean isNameOfAny(String name) {
        return parse(name) != null || parseValueFile(name) != null;
    }

    /** The id in a file name, or null when the name is not that of an SST. */
    public static FileId parse(String name) {
        return parse(name, SST);
    }

    /** The id in a file name, or null when the name is not that of a value file. */
    static FileId parseValueFile(String name) {
        return parse(name, VALUES);
    }

    private static FileId parse(String name, String suffix) {
        if (name.length() != 2 * DIGITS + suffix.length() || !name.endsWith(suffix)) {
            return null;
        }
        for (int i = 0; i < 2 * DIGITS; i++) {
            char digit = name.charAt(i);
            if (!(digit >= '0' && digit <= '9' || digit >= 'a' && digit <= 'f')) {
                return null;
            }
        }
        return new FileId(
                HexFormat.fromHexDigitsToLong(name, 0, DIGITS),
                HexFormat.fromHexDigitsToLong(name, DIGITS, 2 * DIGITS));
    }

    @Override
    public int compareTo(FileId other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public String toString() {
        return name();
    }
}
