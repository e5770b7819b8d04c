package io.forebay.store.harness.race;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.ScannedEntries;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * Accounts between which money moves, each time in one batch: however many threads look and whatever else goes on, the sum
 * of what one of them sees at one moment is always the same, and the version of an account never falls. Between the accounts
 * lies noise, which gives files, range deletes and merges to deal with.
 */
final class Bank {
    private static final int ACCOUNTS = 60;
    private static final long START = 1000;
    /** Version, balance and checksum. */
    private static final int LEAST_BYTES = 24;

    private final Random random;
    private final long[] balances = new long[ACCOUNTS];
    private final WriteBatch batch = new WriteBatch();
    private volatile long finished;

    Bank(Random random) {
        this.random = random;
        Arrays.fill(balances, START);
    }

    static byte[] account(int number) {
        return ("acc" + (char) ('A' + number)).getBytes(StandardCharsets.US_ASCII);
    }

    static KeyRange accounts() {
        return KeyRange.prefix("acc".getBytes(StandardCharsets.US_ASCII));
    }

    /** Number of the newest batch that was written for sure. */
    long finished() {
        return finished;
    }

    void open(Store store) {
        for (int i = 0; i < ACCOUNTS; i++) {
            batch.put(account(i), value(0, START));
        }
        store.write(batch);
    }

    /** Batch number {@code round}. By the writer. */
    void transfer(Store store, long round) {
        batch.clear();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int from = random.nextInt(ACCOUNTS);
            int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
            long amount = random.nextInt(100);
            balances[from] -= amount;
            balances[to] += amount;
            if (random.nextInt(8) == 0) {
                batch.delete(account(from)); // and put again, in the same moment
            }
            batch.put(account(from), value(round, balances[from]));
            batch.put(account(to), value(round, balances[to]));
        }
        store.write(batch);
        finished = round;
    }

    void noise(Store store) {
        byte[] key = noiseKey();
        switch (random.nextInt(12)) {
            case 0 -> store.delete(key);
            case 1, 2 -> store.merge(key, new byte[random.nextInt(30)]);
            case 3 -> store.deleteRange(key, Arrays.copyOf(key, key.length + 2));
            case 4 -> store.deletePrefix(Arrays.copyOf(key, 5));
            default -> store.put(key, new byte[random.nextInt(200)]);
        }
    }

    /** Before, between and behind the accounts. */
    private byte[] noiseKey() {
        byte[] key = new byte[4 + random.nextInt(4)];
        random.nextBytes(key);
        byte[] prefix =
                random.nextBoolean() ? account(random.nextInt(ACCOUNTS)) : new byte[] {(byte) random.nextInt(256)};
        System.arraycopy(prefix, 0, key, 0, prefix.length);
        if (prefix.length == 4) {
            key = Arrays.copyOf(key, 6 + random.nextInt(3)); // longer than an account, so never one
            key[4] = (byte) (1 + random.nextInt(100));
        } else if (key[0] == 'a') {
            key[0] = 'b';
        }
        return key;
    }

    private byte[] value(long version, long balance) {
        ByteBuffer value = ByteBuffer.allocate(LEAST_BYTES + random.nextInt(60));
        value.putLong(0, version).putLong(8, balance);
        return value.putLong(16, checksum(value)).array();
    }

    private static long checksum(ByteBuffer value) {
        CRC32C crc = new CRC32C();
        crc.update(value.array(), 0, 16);
        return crc.getValue() << 20 ^ value.capacity();
    }

    /** The version of an account's value, which must be one that was written. */
    static long version(byte[] value) {
        assertThat(value).as("an account").isNotNull();
        ByteBuffer bytes = ByteBuffer.wrap(value);
        assertThat(value.length).isGreaterThanOrEqualTo(LEAST_BYTES);
        assertThat(bytes.getLong(16)).as("checksum of a value").isEqualTo(checksum(bytes));
        return bytes.getLong(0);
    }

    /** Looks at all accounts at once and checks the sum; the newest version among them. */
    static long audit(ReadView view, boolean forward) {
        return audit(view, forward, false);
    }

    /** As {@link #audit(ReadView, boolean)}, by {@link ReadView#scan}. */
    static long auditByScan(ReadView view) {
        return audit(view, true, true);
    }

    private static long audit(ReadView view, boolean forward, boolean byScan) {
        long sum = 0;
        int count = 0;
        long newest = 0;
        try (StoreIterator iterator = byScan ? new ScannedEntries(view, accounts()) : view.iterator(accounts())) {
            for (begin(iterator, forward); iterator.isValid(); step(iterator, forward)) {
                if (iterator.key().length == 4) {
                    byte[] value = iterator.value();
                    newest = Math.max(newest, version(value));
                    sum += ByteBuffer.wrap(value).getLong(8);
                    count++;
                }
            }
        }
        assertThat(count).as("accounts").isEqualTo(ACCOUNTS);
        assertThat(sum).as("sum of all accounts").isEqualTo(ACCOUNTS * START);
        return newest;
    }

    static int accountsCount() {
        return ACCOUNTS;
    }

    private static void begin(StoreIterator iterator, boolean forward) {
        if (forward) {
            iterator.seekToFirst();
        } else {
            iterator.seekToLast();
        }
    }

    private static void step(StoreIterator iterator, boolean forward) {
        if (forward) {
            iterator.next();
        } else {
            iterator.prev();
        }
    }
}
