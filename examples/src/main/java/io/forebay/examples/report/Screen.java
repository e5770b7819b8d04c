package io.forebay.examples.report;

import java.io.PrintStream;
import java.util.Locale;

/** Lines for a person who watches the demo: one thought a line, with the seconds since the start. Thread-safe. */
public final class Screen {
    private final PrintStream out;
    private final long startNanos = System.nanoTime();

    public Screen(PrintStream out) {
        this.out = out;
    }

    public void say(String format, Object... args) {
        String text = args.length == 0 ? format : String.format(Locale.ROOT, format, args);
        synchronized (out) {
            out.printf(Locale.ROOT, "%6.1fs  %s%n", (System.nanoTime() - startNanos) / 1e9, text);
            out.flush();
        }
    }

    public void plain(String text) {
        synchronized (out) {
            out.println(text);
            out.flush();
        }
    }
}
