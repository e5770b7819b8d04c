package io.forebay.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The order of the contenders within a round. What one leaves behind, such as files that the system has still to write or heat,
 * falls on who is next, so over twice as many rounds as there are contenders everyone follows every other equally often, and
 * has every place equally often. Each order is followed by its reverse, so that after two rounds nobody was early on the
 * average.
 */
final class ContenderOrder {
    private ContenderOrder() {}

    /**
     * @param all in the order of the suite; the first one begins the first round
     * @param round counted from 0 over all forks
     */
    static <T> List<T> order(List<T> all, int round) {
        int count = all.size();
        List<T> order = new ArrayList<>(count);
        for (int place = 0; place < count; place++) {
            // 0, 1, -1, 2, -2 ...: all distances between neighbours are different. Source: Williams, 1949.
            int zigzag = place % 2 == 1 ? (place + 1) / 2 : count - place / 2;
            order.add(all.get((zigzag + round / 2) % count));
        }
        if (round % 2 == 1) {
            Collections.reverse(order);
        }
        return order;
    }
}
