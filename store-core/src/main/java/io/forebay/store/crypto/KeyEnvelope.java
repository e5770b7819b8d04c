package io.forebay.store.crypto;

import io.forebay.store.CorruptionException;
import io.forebay.store.KeyProvider;
import io.forebay.store.util.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The wrapped data key in the form in which it is in a file. The envelope itself is not encrypted. Immutable.
 *
 * <pre>
 * Envelope --&gt; Length:u8 (1 to 255), key id in UTF-8, Length:u16 (1 to 4096), wrapped data key
 * </pre>
 *
 * Only the wrapping authenticates it: another key id or another wrapped key gives another data key, or none, and no message of
 * the file opens under it.
 */
public final class KeyEnvelope {
    /** The length of the longest envelope. */
    public static final int MAX_BYTES = 1 + KeyProvider.MAX_KEY_ID_BYTES + 2 + KeyProvider.MAX_WRAPPED_BYTES;

    private final String keyId;
    private final byte[] wrapped;
    private final byte[] bytes;

    private KeyEnvelope(String keyId, byte[] wrapped, byte[] bytes) {
        this.keyId = keyId;
        this.wrapped = wrapped;
        this.bytes = bytes;
    }

    /** @throws IllegalArgumentException when the id or the wrapped key is empty or too long, or the id is not readable */
    static KeyEnvelope of(KeyProvider.WrappedKey key) {
        byte[] id = Utf8.requireReadable("The key id", key.keyId()).getBytes(StandardCharsets.UTF_8);
        byte[] wrapped = key.bytes().clone();
        if (id.length == 0 || id.length > KeyProvider.MAX_KEY_ID_BYTES) {
            throw new IllegalArgumentException(
                    "A key id has " + id.length + " bytes of UTF-8, must have 1 to " + KeyProvider.MAX_KEY_ID_BYTES);
        }
        if (wrapped.length == 0 || wrapped.length > KeyProvider.MAX_WRAPPED_BYTES) {
            throw new IllegalArgumentException(
                    "A wrapped key has " + wrapped.length + " bytes, must have 1 to " + KeyProvider.MAX_WRAPPED_BYTES);
        }
        ByteBuffer out = ByteBuffer.allocate(1 + id.length + 2 + wrapped.length);
        out.put((byte) id.length).put(id).putShort((short) wrapped.length).put(wrapped);
        return new KeyEnvelope(key.keyId(), wrapped, out.array());
    }

    /**
     * Reads the envelope that starts at {@code in[from]}; bytes after it are ignored.
     *
     * @param to end of the bytes that may belong to it
     * @param file for the error
     * @param offset of {@code in[from]} in the file, for the error
     */
    public static KeyEnvelope read(byte[] in, int from, int to, String file, long offset) {
        int idLength = to - from < 1 ? 0 : in[from] & 0xFF;
        int lengthAt = from + 1 + idLength;
        if (idLength == 0 || to - lengthAt < 2) {
            throw new CorruptionException(
                    file, offset, "the id of a key", idLength + " bytes of it with " + (to - from) + " left");
        }
        int wrappedLength = (in[lengthAt] & 0xFF) << 8 | (in[lengthAt + 1] & 0xFF);
        int wrappedAt = lengthAt + 2;
        if (wrappedLength == 0 || wrappedLength > KeyProvider.MAX_WRAPPED_BYTES || wrappedLength > to - wrappedAt) {
            throw new CorruptionException(
                    file,
                    offset,
                    "a wrapped key of 1 to " + KeyProvider.MAX_WRAPPED_BYTES + " bytes",
                    wrappedLength + " bytes with " + (to - wrappedAt) + " left");
        }
        String keyId;
        try {
            keyId = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(in, from + 1, idLength))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new CorruptionException(file, offset, "the id of a key in UTF-8", "other bytes");
        }
        int end = wrappedAt + wrappedLength;
        return new KeyEnvelope(keyId, Arrays.copyOfRange(in, wrappedAt, end), Arrays.copyOfRange(in, from, end));
    }

    public String keyId() {
        return keyId;
    }

    /** Length in the file. */
    public int length() {
        return bytes.length;
    }

    /** Copies the envelope to {@code out[at, at + length())}. */
    public void write(byte[] out, int at) {
        System.arraycopy(bytes, 0, out, at, bytes.length);
    }

    byte[] wrapped() {
        return wrapped.clone();
    }
}
