package io.forebay.bench.scenarios;

import java.util.List;

/**
 * Somebody who takes part. Each has a JVM of its own.
 *
 * @param name on the command line and in messages between the JVMs
 * @param title in reports
 * @param libraries folders below {@code target/engines} with the jars that only this one gets; when one of them is missing, the
 *     contender is left out and the report says so
 */
public record Contender(String name, String title, List<String> libraries) {
    public Contender(String name, String title, String... libraries) {
        this(name, title, List.of(libraries));
    }
}
