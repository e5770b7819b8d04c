package io.forebay.bench.scenarios;

import java.util.List;

/**
 * Somebody who takes part. Each has a JVM of its own.
 *
 * @param name on the command line and in messages between the JVMs
 * @param title in reports
 * @param libraries folders below {@code target/engines} with the jars that only this one gets; when one of them is missing, the
 *     contender is left out and the report says so
 * @param jdk that its JVM is started from
 */
public record Contender(String name, String title, List<String> libraries, Jdk jdk) {
    /** On the Java installation that runs this. */
    public Contender(String name, String title, String... libraries) {
        this(name, title, List.of(libraries), Jdk.current());
    }

    /** The same on another Java installation, with that in the title. */
    public Contender on(Jdk other) {
        return other.equals(jdk) ? this : new Contender(name, title + ", " + other.label(), libraries, other);
    }

    /** Whether the two are the same but for the Java installation. */
    public boolean isSameAs(Contender other) {
        return name.equals(other.name);
    }
}
