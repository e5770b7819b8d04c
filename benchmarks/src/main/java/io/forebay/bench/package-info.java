/**
 * The command {@code ./forebay bench}. {@code Bench} takes the options, {@code Run} plays the scenarios of the suites on their
 * contenders, {@code worker} is the JVM of one contender, {@code report} says what came out. How to add a suite is told in
 * {@code scenarios}.
 */
package io.forebay.bench;
