package io.forebay.store.testing;

import com.dynatrace.hash4j.hashing.Hashing;
import io.forebay.store.Store;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;

/** Another JVM with the same classes, which a test may kill. Its standard output is read line by line. */
public final class ChildJvm implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private ChildJvm(Process process) {
        this.process = process;
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** One that lives for a moment only. */
    public static ChildJvm start(Class<?> main, String... arguments) throws IOException {
        return start(
                List.of("-Xmx256m", "-XX:MaxDirectMemorySize=512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
                main,
                arguments);
    }

    public static ChildJvm start(List<String> options, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath(main), main.getName()));
        command.addAll(List.of(arguments));
        return new ChildJvm(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    /** That of this JVM, and where the classes really came from, should a launcher have loaded them in its own way. */
    private static String classPath(Class<?> main) {
        StringBuilder path = new StringBuilder(System.getProperty("java.class.path"));
        for (Class<?> needed : List.of(main, Store.class, Hashing.class, LoggerFactory.class)) {
            path.append(File.pathSeparator).append(placeOf(needed));
        }
        return path.toString();
    }

    private static File placeOf(Class<?> type) {
        URL location = type.getProtectionDomain().getCodeSource().getLocation();
        try {
            return new File(location.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException("Not the address of classes: " + location, e);
        }
    }

    public long pid() {
        return process.pid();
    }

    /** The next line, or null when the process has ended. */
    public String readLine() throws IOException {
        return output.readLine();
    }

    /** Sends a line to {@link #readOrder()} of the other JVM. */
    public void order(String line) throws IOException {
        OutputStream input = process.getOutputStream();
        input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        input.flush();
    }

    /** In the other JVM: the next line that it was sent; waits for it, and ends the JVM when none will come. */
    public static String readOrder() {
        try {
            String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            if (line == null) {
                Runtime.getRuntime().halt(1);
            }
            return line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Ends the process without letting it do anything any more, and waits until it is gone. What it had written before can
     * still be read.
     */
    public void kill() throws InterruptedException {
        process.toHandle().destroyForcibly(); // that of the process closes its streams
        process.waitFor();
    }

    @Override
    public void close() throws InterruptedException, IOException {
        kill();
        output.close();
    }
}
