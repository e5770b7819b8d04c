package io.forebay.examples.auction;

/**
 * One input event.
 *
 * @param kind what happened
 * @param key the key it is counted under: an auction (bid), a person (person, and auction: its seller), or a word
 * @param timestampMillis event time, milliseconds from the start of the stream; never decreases from one event to the next
 * @param amount price of a bid, number of an auction, 1 for a word
 */
public record Event(Kind kind, String key, long timestampMillis, long amount) {
    /** What happened. */
    public enum Kind {
        PERSON,
        AUCTION,
        BID,
        WORD;

        /** True for events that go into the totals and windows per key. */
        public boolean isCounted() {
            return this == BID || this == WORD;
        }
    }
}
