/**
 * What all suites of the benchmark have in common: scenarios, the contenders that play them, and the measurement of time.
 *
 * <p>A {@link io.forebay.bench.scenarios.Suite} brings {@link io.forebay.bench.scenarios.Contender}s and {@link
 * io.forebay.bench.scenarios.Scenario}s that each of them plays, and says at which sizes in a quick and in a full run. To
 * add one: implement the interface with a public constructor without arguments, and name the class in {@code
 * META-INF/services/io.forebay.bench.scenarios.Suite}. Everything else (a JVM for each contender, rounds in turns, forks,
 * table, JSON, page) is done for it.
 *
 * <p>What a suite promises:
 *
 * <ul>
 *   <li>Its first contender is Forebay; ratios are formed against it. Names of contenders and scenarios are lower case with
 *       hyphens and unique over all suites. Titles of contenders are what the table shows.
 *   <li>Jars that only one contender may see (the two RocksDB jars share class names) lie in a folder of {@code
 *       target/engines}, put there by an execution of the dependency plugin, and the contender names the folder. All
 *       other jars are in {@code target/lib}, on every class path. Classes that name types of such a jar are loaded by no
 *       other contender: keep them behind a {@code switch} on the contender.
 *   <li>{@link io.forebay.bench.scenarios.Scenario#play} starts with an empty directory, opens what it needs, reports
 *       each work through {@link io.forebay.bench.scenarios.Trial}, and closes everything. It runs on one thread, several
 *       times in a JVM, each time with another seed; the same seed gives every contender the same operations. An answer
 *       that is wrong ends the round with {@link io.forebay.bench.scenarios.Trial#check}.
 *   <li>A quick run has 40 seconds for the suite in all: contenders x (1 warm-up + 3 rounds) x scenarios. Full runs of one
 *       suite may take 20 minutes.
 *   <li>Keys and values come from {@link io.forebay.bench.scenarios.Data}, which allocates nothing while a work is timed.
 * </ul>
 */
package io.forebay.bench.scenarios;
