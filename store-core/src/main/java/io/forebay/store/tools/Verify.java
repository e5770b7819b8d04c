package io.forebay.store.tools;

import io.forebay.store.EncryptionException;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.StoreException;
import io.forebay.store.VerificationReport;
import java.io.File;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@code forebay verify DIRECTORY [--all]}: verifies the store in a directory, or all stores in and below it, and prints the
 * reports. The stores must not be open.
 */
public final class Verify {
    /** Everything is as it was written. */
    public static final int CLEAN = 0;
    /** Something is not. */
    public static final int DAMAGED = 1;
    /** The arguments are wrong, there is no store, or it could not be looked at. */
    public static final int FAILED = 2;

    private static final String USAGE = "usage: forebay verify DIRECTORY [--all]\n\n"
            + "Reads every file of the store in DIRECTORY and reports what is not as it was written. The store must not be\n"
            + "open; nothing in it is changed.\n\n"
            + "  --all   all stores in DIRECTORY and below it\n\n"
            + "Exit code: 0 when all is well, 1 when something is damaged, 2 when it could not be verified.\n";

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
        List<String> places = args.stream().filter(arg -> !arg.startsWith("-")).toList();
        boolean all = args.contains("--all");
        if (places.size() != 1 || args.size() != (all ? 2 : 1)) {
            err.print(USAGE);
            return FAILED;
        }
        File directory = new File(places.get(0));
        List<File> stores = all ? storesIn(directory) : List.of(directory);
        if (stores.isEmpty()) {
            err.println("There is no store in " + directory + " or below it");
            return FAILED;
        }
        int worst = CLEAN;
        try (Environment environment = Environment.builder().build()) {
            for (File store : stores) {
                worst = Math.max(worst, verify(environment, store));
            }
        }
        return worst;
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

    /** Directories with a manifest, in the order of their names. */
    private static List<File> storesIn(File directory) {
        List<File> stores = new ArrayList<>();
        File[] content = directory.listFiles();
        if (content == null) {
            return stores;
        }
        Arrays.sort(content);
        for (File file : content) {
            if (file.isFile() && file.getName().startsWith("MANIFEST-")) {
                stores.add(directory);
                break;
            }
        }
        for (File file : content) {
            if (file.isDirectory()) {
                stores.addAll(storesIn(file));
            }
        }
        return stores;
    }
}
