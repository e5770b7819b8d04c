package io.forebay.bench.costs;

/** What is timed, in the order in which a {@link CostTrial} does it. */
enum Work {
    PUT("put"),
    PUT_BATCH("put in batches of " + CostTrial.BATCH + ", per entry"),
    FLUSH("flush of a memtable, per entry"),
    COMPACTION("compaction, per entry read"),
    GET_COLD("get hit, cold cache"),
    SCAN_COLD("full scan, cold cache, per entry"),
    GET_WARM("get hit, warm cache"),
    SCAN_WARM("full scan, warm cache, per entry");

    private final String title;

    Work(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }
}
