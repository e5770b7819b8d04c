/** Tests as text: cases that are read like a drawing, and answers that one flag writes. */
package io.forebay.store.testing.datadriven;
