package io.forebay.store.tools;

import io.forebay.store.EncryptionException;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.StoreException;
import io.forebay.store.VerificationReport;
import java.io.File;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code forebay verify DIRECTORY [--all]}: verifies the store or backup in a directory, or all in and below it, and prints
 * the reports. The stores must not be open.
 */
public final class Verify {
    /** Exit code: everything is as it was written. */
    public static final int CLEAN = 0;
    /** Exit code: something is damaged, whether everything could be verified or not. */
    public static final int DAMAGED = 1;
    /** Exit code: no damage was found, but the arguments are wrong, there is no store, or a store could not be verified. */
    public static final int FAILED = 2;

    private static final String USAGE = "usage: forebay verify DIRECTORY [--all]\n\n"
            + "Reads every file of the store in DIRECTORY, or of the backup that Checkpoint.writeTo made there, and reports what is\n"
            + "not as it was written. The store must not be open; nothing in it is changed.\n\n"
            + "  --all   all stores and backups in DIRECTORY and below it; databases of RocksDB are named and left out,\n"
            + "          symbolic links are not followed\n\n"
            + "Exit code: 0 when all is well; 1 when something is damaged, whatever else there is; 2 when nothing is known to be\n"
            + "damaged, but something could not be verified: wrong arguments, no store, one that is open, encrypted, or unreadable.\n";

    private final PrintStream out;
    private final PrintStream err;

    private Verify(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    public static void main(String[] args) {
        System.exit(run(args, System.out, System.err));
    }

    /** @return the exit code */
    static int run(String[] args, PrintStream out, PrintStream err) {
        return new Verify(out, err).run(List.of(args));
    }

    private int run(List<String> args) {
        if (args.contains("--help") || args.contains("-h")) {
            out.print(USAGE);
            return CLEAN;
        }
        List<String> places = new ArrayList<>();
        boolean all = false;
        for (String arg : args) {
            if (arg.equals("--all")) {
                all = true;
            } else if (arg.startsWith("-")) {
                err.println("There is no option " + arg);
                err.print(USAGE);
                return FAILED;
            } else {
                places.add(arg);
            }
        }
        if (places.size() != 1) {
            err.print(USAGE);
            return FAILED;
        }
        File directory = new File(places.get(0));
        try (Environment environment = Environment.builder().build()) {
            return all ? verifyAll(environment, directory) : verify(environment, directory);
        }
    }

    private int verifyAll(Environment environment, File directory) {
        Neighbours found = Neighbours.below(directory);
        int code = CLEAN;
        for (File store : found.stores) {
            code = worse(code, verify(environment, store));
        }
        for (File foreign : found.rocksDbs) {
            out.println(foreign + ": a database of RocksDB, left out");
        }
        for (File unreadable : found.unreadable) {
            err.println(unreadable + ": cannot be read");
            code = worse(code, FAILED);
        }
        if (found.stores.isEmpty()) {
            err.println("There is no store in " + directory + " or below it");
            code = worse(code, FAILED);
        }
        return code;
    }

    /** Damage has precedence over stores that could not be verified. */
    private static int worse(int one, int other) {
        return one == DAMAGED || other == DAMAGED ? DAMAGED : Math.max(one, other);
    }

    private int verify(Environment environment, File directory) {
        try {
            VerificationReport report = environment.verify(FileStores.local(directory), null);
            out.println(report);
            return report.isClean() ? CLEAN : DAMAGED;
        } catch (EncryptionException e) {
            err.println(directory + ": " + e.getMessage());
            err.println("An encrypted store can be verified by a program that has its keys: Environment.verify, or"
                    + " Store.verify while it is open.");
        } catch (StoreException | IllegalArgumentException e) {
            err.println(directory + ": " + e.getMessage());
        }
        return FAILED;
    }
}
