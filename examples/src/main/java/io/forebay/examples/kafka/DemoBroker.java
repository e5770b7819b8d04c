package io.forebay.examples.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;

/** A real KRaft broker and controller in this process, on the loopback interface, gone with it. */
public final class DemoBroker implements AutoCloseable {
    private final KafkaClusterTestKit cluster;

    public DemoBroker() throws Exception {
        cluster = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .build())
                .setConfigProp("offsets.topic.replication.factor", "1")
                .setConfigProp("offsets.topic.num.partitions", "1")
                .setConfigProp("transaction.state.log.replication.factor", "1")
                .setConfigProp("transaction.state.log.num.partitions", "1")
                .setConfigProp("transaction.state.log.min.isr", "1")
                .setConfigProp("group.initial.rebalance.delay.ms", "0")
                .setConfigProp("log.cleaner.enable", "false")
                .setConfigProp("auto.create.topics.enable", "false")
                .build();
        try {
            cluster.format();
            cluster.startup();
            cluster.waitForReadyBrokers();
        } catch (Exception | Error e) {
            cluster.close();
            throw e;
        }
    }

    public String address() {
        return cluster.bootstrapServers();
    }

    public Admin admin() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", address());
        return Admin.create(properties);
    }

    public void createTopics(List<String> names, int partitions) throws InterruptedException, ExecutionException {
        List<NewTopic> topics = new ArrayList<>();
        for (String name : names) {
            // Event time of the stream lies in the past; nothing may be deleted for its age while the demo runs.
            topics.add(new NewTopic(name, partitions, (short) 1).configs(Map.of("retention.ms", "-1")));
        }
        try (Admin admin = admin()) {
            admin.createTopics(topics).all().get();
        }
    }

    @Override
    public void close() throws Exception {
        cluster.close();
    }
}
