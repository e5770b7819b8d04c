package io.forebay.store;

/**
 * How the data blocks of new SSTs are compressed; see {@link StoreOptions#compression()}. A store may be opened with another
 * one at any time: each file says for itself what it holds. Blocks that would shrink by less than an eighth are stored as
 * they are.
 */
public enum Compression {
    /** Blocks are read as they lie in the file. */
    NONE,

    /** LZ4, in pure Java: about half the size for typical rows, cheap to undo. */
    LZ4,

    /**
     * Zstandard, level 3: smaller than LZ4 and slower. Needs the library {@code com.github.luben:zstd-jni}, which is native
     * code and therefore optional: opening a store that asks for it fails with a {@link StoreException} that says so when
     * the library is missing.
     */
    ZSTD
}
