package io.forebay.store.testing;

import java.util.Random;

/**
 * What a crash leaves of everything that was not synced: which changes of names, and which parts of files. Every choice is
 * made of a seed and can be made again; one choice is used for one crash.
 *
 * <p>A change of a name survives or not, whatever happens to changes of other names before and after it. Of the bytes of a
 * file that were not synced a beginning may survive, or any of the sectors, while the rest reads as zeros or, on the file
 * systems that allow it, as what lay on the disk before.
 */
public final class CrashChoice {
    /** Which changes of names survive that no sync of the directory has made durable. */
    public enum Names {
        NONE,
        ALL,
        /** Whatever was created is there, whatever was deleted too. */
        CREATES,
        /** Deletes without the creates that came before. */
        DELETES,
        /** The last change of all only. */
        LAST,
        ALL_BUT_LAST,
        RANDOM
    }

    /** What survives of the bytes of a file that no sync has made durable. */
    public enum Tails {
        NONE,
        ALL,
        /** A beginning, to any byte. */
        CUT,
        /** A beginning, to the end of a sector. */
        CUT_512,
        CUT_4096,
        /** The length, and no bytes. */
        ZEROS,
        /** Any of the sectors, zeros for the others. */
        SECTORS_512,
        SECTORS_4096,
        /** Any of the sectors, bytes of deleted files for the others. */
        STALE_512,
        STALE_4096,
        /** Another of these for each file, without stale bytes. */
        RANDOM
    }

    private static final int SECTOR = 512;
    private static final int PAGE = 4096;
    private static final Tails[] ANY = {
        Tails.NONE,
        Tails.ALL,
        Tails.CUT,
        Tails.CUT_512,
        Tails.CUT_4096,
        Tails.ZEROS,
        Tails.SECTORS_512,
        Tails.SECTORS_4096
    };
    /** Extremes and typical mixtures first, so that few variants find much. */
    private static final Names[] NAMES = {
        Names.NONE, Names.ALL, Names.ALL, Names.CREATES, Names.RANDOM, Names.LAST, Names.ALL_BUT_LAST, Names.DELETES
    };

    private static final Tails[] TAILS = {
        Tails.NONE, Tails.ALL, Tails.NONE, Tails.ZEROS, Tails.CUT_512, Tails.SECTORS_512, Tails.CUT, Tails.ALL
    };

    private final Names names;
    private final Tails tails;
    private final Random random;

    public CrashChoice(Names names, Tails tails, Random random) {
        this.names = names;
        this.tails = tails;
        // The first numbers of generators with seeds that are close together are nearly the same.
        this.random = new Random(CrashDisk.mix(17, random.nextLong()));
    }

    /** Everything is random. */
    public static CrashChoice random(Random random) {
        return new CrashChoice(Names.RANDOM, Tails.RANDOM, random);
    }

    /** The {@code number}-th way to lose what was not synced, with all that is random in it taken from {@code seed}. */
    public static CrashChoice variant(int number, long seed) {
        Random random = new Random(seed * 1_000_003 + number);
        return number < NAMES.length ? new CrashChoice(NAMES[number], TAILS[number], random) : random(random);
    }

    /** As {@link #variant}, with stale bytes where nothing was written. */
    public static CrashChoice staleVariant(int number, long seed) {
        Random random = new Random(seed * 1_000_003 + number);
        return new CrashChoice(
                number % 2 == 0 ? Names.ALL : Names.RANDOM,
                number % 3 == 2 ? Tails.STALE_4096 : Tails.STALE_512,
                random);
    }

    /**
     * Whether a change of a name survives.
     *
     * @param index of the change, in the order in which they were made
     * @param count of all changes since the last sync of the directory
     */
    boolean keeps(boolean create, int index, int count) {
        return switch (names) {
            case NONE -> false;
            case ALL -> true;
            case CREATES -> create;
            case DELETES -> !create;
            case LAST -> index == count - 1;
            case ALL_BUT_LAST -> index < count - 1;
            case RANDOM -> random.nextBoolean();
        };
    }

    /** Whether a directory survives whose name nobody has made durable. */
    boolean keepsDirectory() {
        return switch (names) {
            case NONE, DELETES -> false;
            case ALL, CREATES -> true;
            case LAST, ALL_BUT_LAST, RANDOM -> random.nextBoolean();
        };
    }

    /** What is left of {@code file}, of which {@code size} bytes were written and {@code synced} made durable. */
    DiskFile left(DiskFile file, int size, int synced) {
        if (size == synced) {
            return file.prefix(size);
        }
        Tails rule = tails == Tails.RANDOM ? ANY[random.nextInt(ANY.length)] : tails;
        return switch (rule) {
            case NONE -> file.prefix(synced);
            case ALL, RANDOM -> file.prefix(size);
            case CUT -> file.prefix(synced + random.nextInt(size - synced + 1));
            case CUT_512 -> file.prefix(cut(size, synced, SECTOR));
            case CUT_4096 -> file.prefix(cut(size, synced, PAGE));
            case ZEROS -> sectors(file, size, synced, SECTOR, 0, false);
            case SECTORS_512 -> sectors(file, size, synced, SECTOR, 2, false);
            case SECTORS_4096 -> sectors(file, size, synced, PAGE, 2, false);
            case STALE_512 -> sectors(file, size, synced, SECTOR, 2, true);
            case STALE_4096 -> sectors(file, size, synced, PAGE, 2, true);
        };
    }

    private int cut(int size, int synced, int unit) {
        int first = synced / unit + 1;
        int last = (size + unit - 1) / unit;
        int end = (first + random.nextInt(last - first + 1)) * unit;
        return random.nextInt(4) == 0 ? synced : Math.min(size, end);
    }

    /** @param keep of two sectors that many survive, by chance */
    private DiskFile sectors(DiskFile file, int size, int synced, int unit, int keep, boolean stale) {
        byte[] bytes = file.copy(size);
        for (int from = synced; from < size; ) {
            int to = Math.min(size, (from / unit + 1) * unit);
            if (random.nextInt(4) >= keep) {
                for (int i = from; i < to; i++) {
                    bytes[i] = stale ? (byte) random.nextInt() : 0;
                }
            }
            from = to;
        }
        return new DiskFile(bytes);
    }

    @Override
    public String toString() {
        return "names " + names + ", unsynced bytes " + tails;
    }
}
