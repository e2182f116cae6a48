#include "job.hpp"

#include "common/connection.hpp"

namespace migrate {

void add_job_options(CLI::App& app, Job& job) {
  app.add_option("--readings", job.readings, "how many; 60 unless told")
      ->check(CLI::Range(0U, 1'000'000U));
  sample::add_duration_option(app, "--every", job.every, "from one to the next; 30s unless told");
}

bool for_each_reading(const Job& job, sample::EndSignals& signals,
                      const std::function<void(const Fix&)>& send) {
  using namespace std::chrono_literals;
  Vehicle vehicle;
  sample::Timer due;
  due.every(std::max(job.every, 1ms));
  for (unsigned n = 0; n < job.readings; ++n) {
    while (!due.fired()) {
      sample::wait_readable({signals.get(), due.get()});
      if (signals.take() != 0) return false;
    }
    send(vehicle.next());
  }
  return true;
}

}  // namespace migrate
