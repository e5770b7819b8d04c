package io.forebay.store.harness.crash;

import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashDisk;
import io.forebay.store.testing.CrashMoment;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.Turns;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Tries what a crash may leave after every change that a program makes on disk. An image that was seen before with the
 * same expectation is counted and not opened again. Used by one thread.
 */
final class CrashExplorer {
    /** The variant in which the process ends and the machine goes on. */
    static final int KILL = 900;
    /** Variants from here on show stale bytes where none were written. */
    static final int STALE = 1000;

    private static final int VARIANTS = 14;
    private static final int STALE_VARIANTS = 2;
    /** Of so many new images one is crashed again while its store comes back. */
    private static final int SECOND_CRASHES = 100;

    private static final int SECOND_CRASHES_OF_KILLED = 8;

    private static final int SECOND_VARIANTS = 3;

    /** What was tried so far, by all explorers that work on one task. */
    static final class Seen {
        private final LongSet images = new LongSet();
        private final LongSet tried = new LongSet();

        /** Different images that were opened, those of encrypted stores left out: their bytes differ anyway. */
        synchronized int distinct() {
            return images.size();
        }

        private synchronized boolean addImage(long hash) {
            return images.add(hash);
        }

        private synchronized boolean addTried(long hash) {
            return tried.add(hash);
        }
    }

    private enum Count {
        PROGRAMS,
        MOMENTS,
        STATES,
        DISTINCT_STATES,
        DISTINCT_STATES_AFTER_TWO_CRASHES,
        STATES_OF_ENCRYPTED_STORES,
        STATES_OPENED,
        REFUSED_BECAUSE_OF_STALE_BYTES,
        TURNS,
        TURNS_WHILE_OTHERS_WAITED_AT_A_LOCK
    }

    private final Seen seen;
    private final long[] counts = new long[Count.values().length];
    private final Map<StoreSetup, ImageCheck> checks = new EnumMap<>(StoreSetup.class);
    private final Map<StoreSetup, ImageCheck> secondChecks = new EnumMap<>(StoreSetup.class);
    private StoreSetup setup;
    private List<Op> program;
    /** Only this one is tried; null for all. */
    private Place only;

    private int change;
    /** Of concurrent runs; null for others. */
    private Long concurrentSeed;

    private AssertionError failure;

    /** @param seen shared with explorers in other threads */
    CrashExplorer(Seen seen) {
        this.seen = seen;
    }

    /** Adds what this explorer tried. */
    void addTo(Figures figures) {
        for (Count count : Count.values()) {
            figures.add(count.name().toLowerCase(Locale.ROOT).replace('_', ' '), counts[count.ordinal()]);
        }
    }

    /** @throws AssertionError for the first image that a store does not come back from, with a line that makes it again */
    void explore(StoreSetup with, List<Op> operations) {
        setup = with;
        program = operations;
        change = 0;
        count(Count.PROGRAMS);
        new CrashWorkload(with.options(), this::changed).run(operations);
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * As {@link #explore}, with the program and all background work on threads of their own, which take turns at changes of the
     * disk.
     *
     * @param seed chooses the turns
     */
    void exploreConcurrently(StoreSetup with, List<Op> operations, long seed) {
        setup = with;
        program = operations;
        change = 0;
        concurrentSeed = seed;
        count(Count.PROGRAMS);
        Turns turns = new Turns(seed);
        CrashWorkload workload = new CrashWorkload(with.options(), this::changed, turns);
        turns.run(() -> workload.run(operations));
        counts[Count.TURNS.ordinal()] += turns.turns();
        counts[Count.TURNS_WHILE_OTHERS_WAITED_AT_A_LOCK.ordinal()] += turns.overlaps();
        if (failure != null) {
            throw failure;
        }
    }

    /** Makes and checks the one image that {@code place} describes. */
    void replay(String place) {
        only = Place.parse(place);
        explore(only.setup(), only.program());
    }

    private void changed(CrashMoment moment, Expectation expected, String what) {
        change++;
        if (failure != null || only != null && only.change() != change) {
            return;
        }
        count(Count.MOMENTS);
        int variants = moment.isSettled() ? 1 : VARIANTS;
        for (int i = 0; i < variants && failure == null; i++) {
            attempt(i, moment.afterCrash(CrashChoice.variant(i, change)), expected, what);
        }
        attempt(KILL, moment.afterKill(), expected, what);
        for (int i = 0; i < STALE_VARIANTS && !moment.isSettled(); i++) {
            attempt(STALE + i, moment.afterCrash(CrashChoice.staleVariant(i, change)), expected, what);
        }
    }

    private void attempt(int variant, CrashDisk image, Expectation expected, String what) {
        if (failure != null || only != null && only.variant() != variant) {
            return;
        }
        Place place = new Place(setup, program, change, variant, 0, 0);
        try {
            attempt(place, image, expected);
        } catch (RuntimeException | Error e) {
            fail(place, what, e);
        }
    }

    private void attempt(Place place, CrashDisk image, Expectation expected) {
        long hash = image.hash();
        note(hash);
        boolean stale = place.variant() >= STALE;
        // What a killed process has not synced is what a crash may take from the process that comes after it.
        boolean unsynced = place.variant() == KILL && !image.moment().isSettled();
        if (!seen.addTried(hash * 31 + expected.fingerprint() + (stale ? 7 : unsynced ? 13 : 0)) && only == null) {
            return;
        }
        count(Count.STATES_OPENED);
        if (stale) {
            if (!check(checks).checkOrRefused(image, expected)) {
                count(Count.REFUSED_BECAUSE_OF_STALE_BYTES);
                checks.remove(setup);
            }
            return;
        }
        ImageCheck check = check(checks);
        boolean again =
                only == null ? hash % (unsynced ? SECOND_CRASHES_OF_KILLED : SECOND_CRASHES) == 0 : only.second() > 0;
        if (again) {
            int[] second = {0};
            image.watch(what -> secondCrash(place, image, check, ++second[0], what));
        }
        check.check(image, expected);
        image.watch(null);
    }

    private void secondCrash(Place place, CrashDisk disk, ImageCheck check, int second, String what) {
        if (failure != null || only != null && only.second() != second) {
            return;
        }
        CrashMoment moment = disk.moment();
        for (int i = 0; i < SECOND_VARIANTS; i++) {
            Place twice = new Place(place.setup(), place.program(), place.change(), place.variant(), second, i);
            CrashDisk image = moment.afterCrash(CrashChoice.variant(i * 2, second));
            Expectation expected = check.expected();
            long hash = image.hash();
            if (note(hash)) {
                count(Count.DISTINCT_STATES_AFTER_TWO_CRASHES);
            }
            if (!seen.addTried(hash * 31 + expected.fingerprint()) && only == null) {
                continue;
            }
            count(Count.STATES_OPENED);
            try {
                check(secondChecks).check(image, expected);
            } catch (RuntimeException | Error e) {
                fail(twice, what, e);
            }
        }
    }

    /** @return true when no such image was there before */
    private boolean note(long hash) {
        if (setup == StoreSetup.ENCRYPTED) {
            count(Count.STATES_OF_ENCRYPTED_STORES);
            return false;
        }
        count(Count.STATES);
        boolean fresh = seen.addImage(hash);
        if (fresh) {
            count(Count.DISTINCT_STATES);
        }
        return fresh;
    }

    private void count(Count what) {
        counts[what.ordinal()]++;
    }

    private ImageCheck check(Map<StoreSetup, ImageCheck> from) {
        return from.computeIfAbsent(setup, key -> new ImageCheck(key.options(), from == checks ? 1 << 20 : 2 << 20));
    }

    private void fail(Place place, String what, Throwable cause) {
        CrashChoice choice = place.variant() >= STALE
                ? CrashChoice.staleVariant(place.variant() - STALE, place.change())
                : CrashChoice.variant(place.variant(), place.change());
        String left = place.variant() == KILL ? "the process killed" : choice.toString();
        String second = place.second() == 0 ? "" : ", and again after change " + place.second() + " of coming back";
        failure = new AssertionError(
                "Crash after change " + place.change() + second + " (" + what + "), " + left + ": " + cause.getMessage()
                        + "\nReproduce: mvn -pl store-core test -Dtest="
                        + (concurrentSeed == null
                                ? "CrashStatesTest -Dforebay.crash=" + place
                                : "ConcurrentCrashTest -Dforebay.seed=" + concurrentSeed + " (" + place + ")"),
                cause);
    }
}
