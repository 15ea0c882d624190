"""What an account holds and owes: wallets, positions, margin, commission."""
