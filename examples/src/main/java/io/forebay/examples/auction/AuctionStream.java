package io.forebay.examples.auction;

/**
 * Persons, auctions and bids in the proportion 1 : 3 : 46 of the Nexmark benchmark, one event per millisecond. Every
 * auction is opened by one of the last twenty persons; half of the bids go to the last hundred auctions, the others to any.
 */
final class AuctionStream implements Workload {
    private static final int ROUND = 50;
    private static final int AUCTIONS_PER_ROUND = 3;

    private final long size;

    AuctionStream(long size) {
        this.size = size;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean hasJoin() {
        return true;
    }

    @Override
    public Event event(long index) {
        long round = index / ROUND;
        int place = (int) (index % ROUND);
        long random = mix(index);
        if (place == 0) {
            return new Event(Event.Kind.PERSON, "p" + round, index, round);
        }
        if (place <= AUCTIONS_PER_ROUND) {
            long seller = round - Math.floorMod(random, Math.min(20, round + 1));
            return new Event(Event.Kind.AUCTION, "p" + seller, index, round * AUCTIONS_PER_ROUND + place - 1);
        }
        long open = (round + 1) * AUCTIONS_PER_ROUND;
        long back = (random & 1) == 0
                ? Math.floorMod(random >>> 1, Math.min(100, open))
                : Math.floorMod(random >>> 1, open);
        return new Event(Event.Kind.BID, "a" + (open - 1 - back), index, 1 + Math.floorMod(random >>> 32, 10_000L));
    }

    /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a good hash of a counter. */
    private static long mix(long index) {
        long z = index * 0x9E3779B97F4A7C15L + 0x632BE59BD9B4E019L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
