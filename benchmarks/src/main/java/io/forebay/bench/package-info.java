/**
 * Comparisons of Forebay with other engines, side by side in one run. {@code Bench} asks one {@code worker} JVM for each of
 * the {@code engines} to play the {@code scenarios} of a {@code Plan}, in alternating rounds, and {@code report} shows medians
 * and spreads of the ratios.
 */
package io.forebay.bench;
