/**
 * State of thousands of times the budget, thousands of stores in one environment, and the memory of a whole process.
 */
package io.forebay.store.harness.scale;
