// Java: org.testcontainers:testcontainers. The emulator in a container, as a @Container of a JUnit test.
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

public class SmscContainer extends GenericContainer<SmscContainer> {
    public static final String TOKEN = "only-for-this-run";

    public SmscContainer() {
        super(DockerImageName.parse("registry.example.com/qa/carrierlab:1.0"));
        withEnv("SMSC_TOKEN", TOKEN);
        withExposedPorts(2775, 2780);
        waitingFor(Wait.forHttp("/healthz").forPort(2780));
    }

    public int smppPort() {
        return getMappedPort(2775);
    }

    public String api() {
        return "http://" + getHost() + ":" + getMappedPort(2780);
    }
}
