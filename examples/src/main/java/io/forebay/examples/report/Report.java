package io.forebay.examples.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The table at the end of the demo. */
public final class Report {
    private static final String[] HEAD = {
        "", "events", "events/s", "state on disk", "checkpoint pause", "checkpoint", "restore", "rescale", "verified"
    };

    private final List<String[]> rows = new ArrayList<>();
    private boolean verified = true;

    /** Adds a line; a value that does not apply is "-". */
    public void add(Row row) {
        rows.add(new String[] {
            row.name,
            String.format(Locale.ROOT, "%,d", row.events),
            String.format(Locale.ROOT, "%,.0f", row.eventsPerSecond),
            bytes(row.stateBytes),
            millis(row.pauseMillis),
            millis(row.checkpointMillis),
            millis(row.restoreMillis),
            millis(row.rescaleMillis),
            row.verified ? "yes" : "NO"
        });
        verified &= row.verified;
    }

    public boolean isVerified() {
        return verified;
    }

    public String render() {
        int[] widths = new int[HEAD.length];
        List<String[]> all = new ArrayList<>(rows);
        all.add(0, HEAD);
        for (String[] row : all) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : all) {
            for (int i = 0; i < row.length; i++) {
                text.append(i == 0 ? pad(row[i], widths[i], true) : "  " + pad(row[i], widths[i], false));
            }
            text.append(System.lineSeparator());
        }
        return text.toString();
    }

    private static String pad(String text, int width, boolean left) {
        String fill = " ".repeat(width - text.length());
        return left ? text + fill : fill + text;
    }

    public static String bytes(long bytes) {
        return bytes < 0 ? "-" : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    private static String millis(long millis) {
        return millis < 0 ? "-" : String.format(Locale.ROOT, "%,d ms", millis);
    }

    /** One line; -1 for a figure that does not apply. */
    public record Row(
            String name,
            long events,
            double eventsPerSecond,
            long stateBytes,
            long pauseMillis,
            long checkpointMillis,
            long restoreMillis,
            long rescaleMillis,
            boolean verified) {}
}
