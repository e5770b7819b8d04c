package io.forebay.store;

/**
 * Bytes on disk are not what was written: a checksum differs, a length or magic number is impossible, or a structure
 * breaks an invariant. The message names the file, the offset, and what was expected and found. Nothing that is read
 * from the store after this exception can be trusted; restore the store from a checkpoint or from its changelog.
 */
public final class CorruptionException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final String file;
    private final long offset;
    private final String expected;
    private final String found;

    /**
     * @param file name of the damaged file inside its store directory, not null
     * @param offset byte offset in the file at which the damage was noticed, or -1 when the damage has no single place
     * @param expected what should have been there, for people
     * @param found what was there, for people
     */
    public CorruptionException(String file, long offset, String expected, String found) {
        super("Corrupt file " + file + " at offset " + offset + ": expected " + expected + ", found " + found
                + ". Restore this store from a checkpoint or its changelog.");
        this.file = file;
        this.offset = offset;
        this.expected = expected;
        this.found = found;
    }

    /** Name of the damaged file inside its store directory; not null. */
    public String file() {
        return file;
    }

    /** Byte offset at which the damage was noticed, or -1 when it has no single place. */
    public long offset() {
        return offset;
    }

    /** What should have been there, for people. */
    public String expected() {
        return expected;
    }

    /** What was there, for people. */
    public String found() {
        return found;
    }
}
