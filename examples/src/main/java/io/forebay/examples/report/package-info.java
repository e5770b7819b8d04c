/** What the demo shows on the screen. */
package io.forebay.examples.report;
