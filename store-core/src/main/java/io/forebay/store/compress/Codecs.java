package io.forebay.store.compress;

import io.forebay.store.Compression;
import io.forebay.store.StoreException;

/** Finds codecs. A library is loaded when the first store or the first block needs it. Thread-safe. */
public final class Codecs {
    private static final byte LZ4_ID = 1;
    private static final byte ZSTD_ID = 2;

    private Codecs() {}

    private static final class Lz4 {
        static final Codec CODEC = new Lz4Codec(LZ4_ID);
    }

    private static final class Zstd {
        static final Codec CODEC = new ZstdCodec(ZSTD_ID);
    }

    /** True when a type in a block trailer stands for a codec. */
    public static boolean isId(byte id) {
        return id == LZ4_ID || id == ZSTD_ID;
    }

    /**
     * @param names what needs the codec, for the message
     * @return null for {@link Compression#NONE}
     * @throws StoreException when the library of the codec is missing
     */
    public static Codec of(Compression compression, String what) {
        try {
            return switch (compression) {
                case NONE -> null;
                case LZ4 -> Lz4.CODEC;
                case ZSTD -> Zstd.CODEC;
            };
        } catch (LinkageError e) {
            throw new StoreException(
                    what + " needs " + compression + " compression, whose library is not on the class path or does not"
                            + " load here: add " + library(compression) + ", or choose another compression",
                    e);
        }
    }

    /**
     * The codec of a block.
     *
     * @param id for which {@link #isId} is true
     * @throws StoreException naming {@code file} when the library of the codec is missing
     */
    public static Codec ofBlock(byte id, String file) {
        return of(id == LZ4_ID ? Compression.LZ4 : Compression.ZSTD, "A block of file " + file);
    }

    /** The longest content that a payload of so many bytes can have; a block that claims more is damaged. */
    public static long mostContent(Compression compression, int payloadLength) {
        return switch (compression) {
            case NONE -> payloadLength;
            // A byte of a match length stands for 255 bytes of content.
            case LZ4 -> 255L * payloadLength;
            // A block of 128 KiB that repeats one byte takes four.
            case ZSTD -> (128L << 10) / 4 * payloadLength;
        };
    }

    private static String library(Compression compression) {
        return compression == Compression.LZ4 ? "at.yawk.lz4:lz4-java" : "com.github.luben:zstd-jni";
    }
}
