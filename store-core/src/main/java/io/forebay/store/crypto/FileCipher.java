package io.forebay.store.crypto;

import io.forebay.store.CorruptionException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-256-GCM under the data key of one file. It encrypts messages: a message is a block of an SST, a value of a value file,
 * or a record of a log or manifest.
 *
 * <pre>
 * Message --&gt; Ciphertext (as long as the plain bytes), Tag:16
 * Nonce   --&gt; 0:4, Position:8
 * AAD     --&gt; Version:1 (1), Kind:1, Position:8, name of the file in UTF-8
 * </pre>
 *
 * The position is where a message lies in its file (an offset, or a record number), so no two messages of a file have the same
 * position. A data key belongs to one file. So nonces never repeat under a key. Position, kind and name are authenticated, so a
 * message that was moved inside of its file, taken from another file, or given another meaning does not open.
 *
 * <p>Thread-safe. To compute the expanded key of a cipher of the JDK costs as much as to encrypt a block of 4 KiB; so ciphers
 * are kept for the next message of this file. The methods take arrays and not buffers, because the JDK is fastest with arrays.
 */
public final class FileCipher {
    public static final int KEY_BYTES = 32;
    /** The bytes by which a message is longer than its plain bytes. */
    public static final int TAG_BYTES = 16;

    /** Kinds of messages besides those of the blocks of an SST, which are their types. */
    public static final int KIND_RECORD = 0x80;

    public static final int KIND_FOOTER = 0x81;
    public static final int KIND_CHECKPOINT = 0x82;
    public static final int KIND_VALUE = 0x83;
    public static final int KIND_VALUE_PROPERTIES = 0x84;

    private static final String ALGORITHM = "AES/GCM/NoPadding";
    private static final int TAG_BITS = TAG_BYTES * 8;
    private static final int NONCE_BYTES = 12;
    private static final byte VERSION = 1;
    private static final int POSITION_AT = 2;
    private static final int NAME_AT = POSITION_AT + Long.BYTES;
    /** About as many threads read one file at the same time; further threads make ciphers of their own. */
    private static final int SPARES = 4;

    private final SecretKeySpec key;
    private final String file;
    private final byte[] aadTemplate;
    private final KeyEnvelope envelope;
    private final AtomicReferenceArray<Cipher> spares = new AtomicReferenceArray<>(SPARES);

    /** @param dataKey 32 bytes; copied */
    FileCipher(byte[] dataKey, KeyEnvelope envelope, String file) {
        if (dataKey.length != KEY_BYTES) {
            throw new IllegalArgumentException(
                    "The data key of " + file + " has " + dataKey.length + " bytes, must have " + KEY_BYTES);
        }
        this.key = new SecretKeySpec(dataKey, "AES");
        this.envelope = envelope;
        this.file = file;
        byte[] name = file.getBytes(StandardCharsets.UTF_8);
        aadTemplate = new byte[NAME_AT + name.length];
        aadTemplate[0] = VERSION;
        System.arraycopy(name, 0, aadTemplate, NAME_AT, name.length);
    }

    /** The wrapped data key, to be written into the file. */
    public KeyEnvelope envelope() {
        return envelope;
    }

    /** Id of the master key that the file needs. */
    public String keyId() {
        return envelope.keyId();
    }

    /**
     * Encrypts {@code in[from, from + length)} to {@code out[at, at + length + TAG_BYTES)}; both may be the same bytes of one
     * array.
     *
     * @param position must be used only once with this key
     * @param kind 0 to 255
     */
    public void seal(long position, int kind, byte[] in, int from, int length, byte[] out, int at) {
        Cipher cipher = take();
        try {
            init(cipher, Cipher.ENCRYPT_MODE, position, kind);
            cipher.doFinal(in, from, length, out, at);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-256-GCM failed while " + file + " was written", e);
        }
        give(cipher);
    }

    /**
     * Decrypts the message {@code in[from, from + length)} to {@code out[at, at + length - TAG_BYTES)}, which must be another
     * array.
     *
     * @param offset of the message in the file, for the error
     * @throws CorruptionException when these are not the bytes that were sealed under this key, position and kind; the content
     *     of {@code out} is then useless
     */
    public void open(long position, int kind, byte[] in, int from, int length, byte[] out, int at, long offset) {
        if (length < TAG_BYTES) {
            throw new CorruptionException(
                    file, offset, "an encrypted message of at least " + TAG_BYTES + " bytes", length + " bytes");
        }
        Cipher cipher = take();
        try {
            init(cipher, Cipher.DECRYPT_MODE, position, kind);
            cipher.doFinal(in, from, length, out, at);
        } catch (AEADBadTagException e) {
            Arrays.fill(out, at, at + length - TAG_BYTES, (byte) 0);
            CorruptionException corruption = new CorruptionException(
                    file,
                    offset,
                    "bytes that were encrypted for this place with the key of this file",
                    length + " bytes that were altered, moved here or encrypted with another key");
            corruption.initCause(e);
            throw corruption;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-256-GCM failed while " + file + " was read", e);
        }
        give(cipher);
    }

    private void init(Cipher cipher, int mode, long position, int kind)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        byte[] nonce = new byte[NONCE_BYTES];
        putLong(nonce, NONCE_BYTES - Long.BYTES, position);
        byte[] aad = aadTemplate.clone();
        aad[1] = (byte) kind;
        putLong(aad, POSITION_AT, position);
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(aad);
    }

    private static void putLong(byte[] into, int at, long value) {
        for (int i = 0; i < Long.BYTES; i++) {
            into[at + i] = (byte) (value >>> (56 - 8 * i));
        }
    }

    private Cipher take() {
        for (int i = 0; i < SPARES; i++) {
            Cipher spare = spares.getAndSet(i, null);
            if (spare != null) {
                return spare;
            }
        }
        try {
            return Cipher.getInstance(ALGORITHM);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This Java runtime has no " + ALGORITHM, e);
        }
    }

    private void give(Cipher cipher) {
        for (int i = 0; i < SPARES; i++) {
            if (spares.compareAndSet(i, null, cipher)) {
                return;
            }
        }
    }

    @Override
    public String toString() {
        return "FileCipher[" + file + " under key " + keyId() + "]";
    }
}
