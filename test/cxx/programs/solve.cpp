// Debian's Eigen: a linear system, and a misuse that it refuses.
#include <Eigen/LU>
#include <iostream>

int main() {
  const int n = 12;
  Eigen::MatrixXd a(n, n);
  Eigen::VectorXd x(n);
  for (int i = 0; i < n; i++) {
    x(i) = i - 4.5;
    for (int j = 0; j < n; j++) a(i, j) = 1.0 / (i + j + 1) + (i == j ? 2 : 0);
  }
  const Eigen::VectorXd b = a * x;
  const Eigen::VectorXd solved = a.partialPivLu().solve(b);
  std::cout << "solved " << ((solved - x).norm() < 1e-10) << '\n';
  try {
    Eigen::MatrixXd huge(30000, 30000);
    std::cout << huge(1, 1) << '\n';
  } catch (const std::bad_alloc &error) {
    std::cout << error.what() << '\n';
  }
}
