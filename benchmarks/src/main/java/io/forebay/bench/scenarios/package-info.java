/** What is played on an engine, and the watch. */
package io.forebay.bench.scenarios;
