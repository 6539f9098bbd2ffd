"""What every channel needs: limits, uploads, deliveries, and what messages may hold."""
