import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An API behind Spring Security. With the argument `default` its decoder is the one of Spring Boot. */
public final class Notes {
    @Configuration
    @EnableAutoConfiguration
    static class Application {}

    @RestController
    static class Greeting {
        @GetMapping("/")
        String greet() {
            return "";
        }
    }

    public static void main(String[] args) {
        Class<?>[] parts = args.length == 1 && args[0].equals("default")
            ? new Class<?>[] {Application.class, Greeting.class}
            : new Class<?>[] {Application.class, Greeting.class, TokenConfiguration.class};
        new SpringApplication(parts).run("--server.address=127.0.0.1", "--server.port=" + System.getenv("PORT"));
    }
}
