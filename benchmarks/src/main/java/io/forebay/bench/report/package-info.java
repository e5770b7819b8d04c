/** Medians, ratios, and three ways to show them: table, JSON, and a page that draws itself. */
package io.forebay.bench.report;
