package io.forebay.examples.kafka;

import io.forebay.examples.auction.Workload;
import java.util.ArrayList;
import java.util.List;

/** Names of the topics, the same in parent and child. */
final class Topics {
    static final String COUNTED = "counted";
    static final String PERSONS = "persons";
    static final String AUCTIONS = "auctions";
    static final String TOTALS = "totals";
    static final String WINDOWS = "windows";
    static final String JOINED = "joined";
    static final int PARTITIONS = 2;
    static final String APPLICATION = "forebay-demo";

    private Topics() {}

    static List<String> inputs(Workload workload) {
        List<String> topics = new ArrayList<>(List.of(COUNTED));
        if (workload.hasJoin()) {
            topics.addAll(List.of(PERSONS, AUCTIONS));
        }
        return topics;
    }

    static List<String> outputs(Workload workload) {
        List<String> topics = new ArrayList<>(List.of(TOTALS, WINDOWS));
        if (workload.hasJoin()) {
            topics.add(JOINED);
        }
        return topics;
    }
}
