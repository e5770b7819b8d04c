/** What the demo prints. */
package io.forebay.examples.report;
