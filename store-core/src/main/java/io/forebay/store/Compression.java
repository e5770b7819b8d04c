package io.forebay.store;

/**
 * How the data blocks of new SSTs are compressed; see {@link StoreOptions#compression()}. A store may be opened with
 * another compression at any time, because each file names its own. A block that would shrink by less than an eighth is
 * stored uncompressed.
 */
public enum Compression {
    /** Blocks are stored uncompressed. */
    NONE,

    /** LZ4, in pure Java: about half the size for typical rows, fast to decompress. */
    LZ4,

    /**
     * Zstandard, level 3: smaller than LZ4, and slower. It needs the library {@code com.github.luben:zstd-jni}, which
     * is native code and therefore optional. When the library is missing, opening a store with this compression fails
     * with a {@link StoreException} that names the library.
     */
    ZSTD
}
