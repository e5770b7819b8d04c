package io.forebay.store.testing.fuzz;

import com.sun.management.ThreadMXBean;
import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.GoldenBytes;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A decoder under attack: takes any bytes, and either answers or refuses them with one of the errors that are there for
 * damage. Anything else, and memory out of proportion to the input, fails the run. A body bounds its loops by what it was
 * given, so that going round in circles fails as well. Not thread-safe.
 */
public final class FuzzTarget {
    /** One run of a decoder over an input. */
    public interface Body {
        /** Throws one of the permitted errors to refuse the input. */
        void run(byte[] input) throws Exception;
    }

    /** Under Jazzer, each target has a JVM of its own. */
    private static final boolean FUZZING = System.getenv("JAZZER_FUZZ") != null;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int NORMAL_MUTATIONS = 4_000;
    private static final long LONG_FACTOR = 100;
    private static final int MAX_PRINTED_BYTES = 4096;

    private final String name;
    private final Body body;
    private final List<byte[]> seeds;
    private Set<Class<? extends Exception>> refusals = Set.of(
            CorruptionException.class,
            FormatTooNewException.class,
            FormatTooOldException.class,
            EncryptionException.class);
    private long fixedBytes = 1 << 20;
    private long bytesPerByte = 64;
    private int mutations = NORMAL_MUTATIONS;
    private long runs;
    private long refused;

    private FuzzTarget(String name, Body body) {
        this.name = name;
        this.body = body;
        this.seeds = new ArrayList<>(FuzzSeeds.of(name));
    }

    /**
     * A target that begins with the seeds of its file, see {@link FuzzSeeds}.
     *
     * @param name that of the test method, of the file of seeds, and in figures
     */
    public static FuzzTarget of(String name, Body body) {
        return new FuzzTarget(name, body);
    }

    /** More seeds. */
    public FuzzTarget seeds(byte[]... more) {
        seeds.addAll(List.of(more));
        return this;
    }

    /** Golden files as seeds, see {@link GoldenBytes}. */
    public FuzzTarget golden(String... names) {
        for (String golden : names) {
            seeds.add(GoldenBytes.read(golden));
        }
        return this;
    }

    /** What a run may throw instead of the errors of the engine for damage, other formats, and keys that it does not have. */
    @SafeVarargs
    public final FuzzTarget refusesWith(Class<? extends Exception>... errors) {
        refusals = Set.of(errors);
        return this;
    }

    /** A run of {@code n} bytes allocates at most {@code fixed + perByte * n} bytes; 1 MiB and 64 unless said. */
    public FuzzTarget allocates(long fixed, long perByte) {
        fixedBytes = fixed;
        bytesPerByte = perByte;
        return this;
    }

    /** How many mutated inputs an ordinary build tries; for targets that take longer. */
    public FuzzTarget mutations(int inBuild) {
        mutations = inBuild;
        return this;
    }

    String name() {
        return name;
    }

    List<byte[]> seeds() {
        return seeds;
    }

    /** One run; fails when the decoder did anything but answer or refuse. */
    public void accept(byte[] input) {
        runs++;
        long allowed = fixedBytes + bytesPerByte * input.length;
        // What a first run takes to load classes, a second one does not.
        if (allocatedBy(input) > allowed) {
            long allocated = allocatedBy(input);
            if (allocated > allowed) {
                throw new AssertionError(name + " allocated " + allocated + " bytes for " + text(input));
            }
        }
    }

    private long allocatedBy(byte[] input) {
        byte[] given = input.clone();
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            body.run(given);
        } catch (Exception e) {
            if (refusals.stream().noneMatch(refusal -> refusal.isInstance(e))) {
                throw new AssertionError(name + " let out " + e + " for " + text(input), e);
            }
            refused++;
        } catch (Error e) {
            throw new AssertionError(name + " let out " + e + " for " + text(input), e);
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** For bodies: cheaper than an assertion library, of which a fuzzer would explore the inside. */
    public static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("broken: " + what);
        }
    }

    /**
     * Tries mutated seeds, thousands in an ordinary build; {@code -Dforebay.fuzz.mutations=N} says how many, {@code
     * -Dforebay.seed=S} repeats the one that failed.
     */
    void mutate(Class<?> test) {
        String given = System.getProperty("forebay.seed");
        long count = given != null ? 1 : Effort.of("fuzz.mutations", mutations, mutations * LONG_FACTOR);
        for (long i = 0; i < count; i++) {
            long seed = given != null
                    ? Long.parseLong(given)
                    : ThreadLocalRandom.current().nextLong(1L << 48);
            try {
                accept(new Mutator(new Random(seed), seeds).next());
            } catch (AssertionError e) {
                throw new AssertionError(
                        "Reproduce target " + name + ": -Dtest=" + test.getSimpleName() + "#mutated -Dforebay.seed="
                                + seed + "; the bytes belong into src/test/resources/fuzz/" + name + ".txt",
                        e);
            }
        }
    }

    /** Adds what was done so far to {@code figures}; under Jazzer to a file of its own. */
    void report(Figures figures) {
        if (runs > 0) {
            Figures to = FUZZING ? new Figures("fuzz-" + name) : figures;
            to.add(name + ".runs", runs);
            to.add(name + ".refused", refused);
            if (FUZZING) {
                to.write();
            }
        }
    }

    private static String text(byte[] input) {
        return input.length + " bytes: "
                + HexFormat.of().formatHex(input, 0, Math.min(input.length, MAX_PRINTED_BYTES))
                + (input.length > MAX_PRINTED_BYTES ? ".." : "");
    }
}
