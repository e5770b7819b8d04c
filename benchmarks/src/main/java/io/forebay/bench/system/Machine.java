package io.forebay.bench.system;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a run is made on. */
public final class Machine {
    private Machine() {}

    /**
     * Names and values in the order in which they are shown.
     *
     * @param work directory of the stores
     */
    public static Map<String, String> describe(Path work) {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        Map<String, String> about = new LinkedHashMap<>();
        about.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        about.put("commit", System.getenv().getOrDefault("FOREBAY_COMMIT", "unknown"));
        about.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        about.put("processors", system.getAvailableProcessors() + processor());
        about.put("memory", (system.getTotalMemorySize() >> 30) + " GB");
        about.put("system", system.getName() + " " + system.getVersion() + " " + system.getArch());
        about.put("file system", fileSystem(work));
        return about;
    }

    /** Its type: what a store does in memory ({@code tmpfs}) and on a disk is not the same. */
    private static String fileSystem(Path directory) {
        try {
            return java.nio.file.Files.getFileStore(directory).type();
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static String processor() {
        Path file = Path.of("/proc/cpuinfo");
        if (!java.nio.file.Files.isReadable(file)) {
            return "";
        }
        try {
            return java.nio.file.Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> " x " + line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
