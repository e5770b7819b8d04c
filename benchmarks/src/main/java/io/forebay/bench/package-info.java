/**
 * The command {@code ./forebay bench}. {@code Bench} takes the options, {@code Run} plays the scenarios of the suites on
 * their contenders, {@code worker} is the JVM of one contender, {@code report} shows the results. The package {@code
 * scenarios} says how to add a suite.
 */
package io.forebay.bench;
