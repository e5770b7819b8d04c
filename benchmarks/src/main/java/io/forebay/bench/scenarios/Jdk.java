package io.forebay.bench.scenarios;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.Properties;

/**
 * The Java installation that a contender plays on.
 *
 * @param label in reports, such as {@code JDK 17}
 * @param home its directory
 */
public record Jdk(String label, File home) {
    private static final Jdk CURRENT =
            new Jdk("JDK " + Runtime.version().feature(), new File(System.getProperty("java.home")).getAbsoluteFile());

    /** The one that runs this. */
    public static Jdk current() {
        return CURRENT;
    }

    /**
     * The one in a directory.
     *
     * @throws IllegalArgumentException naming the directory when there is none in it
     */
    public static Jdk at(File home) {
        Properties release = new Properties();
        try (InputStream in = Files.newInputStream(home.toPath().resolve("release"))) {
            release.load(in);
        } catch (IOException e) {
            throw new IllegalArgumentException("no Java installation, which has a file release, is in " + home, e);
        }
        String version = release.getProperty("JAVA_VERSION", "").replace("\"", "");
        try {
            return new Jdk("JDK " + Runtime.Version.parse(version).feature(), home.getAbsoluteFile());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the file release in " + home + " names no version of Java: \"" + version + "\"", e);
        }
    }

    /** Path of its launcher. */
    public String java() {
        return home + File.separator + "bin" + File.separator + "java";
    }
}
